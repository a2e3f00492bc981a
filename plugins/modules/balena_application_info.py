#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_application_info
short_description: Read balena applications (fleets, apps and blocks)
version_added: 1.0.0
description:
  - Returns the applications that the token can see, or those of them that the options select, in one request.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes.info
  - community.balena.reading.selection
  - community.balena.reading
options:
  application:
    description:
      - An application (fleet) by slug (V(organization/name)), uuid, or name;
        all of that name if several organizations have it.
    type: str
    aliases: [fleet]
  organization:
    description: Handle of an organization; only its applications.
    type: str
  class:
    description: Only applications of this kind.
    type: str
    choices: [fleet, app, block]
"""

EXAMPLES = r"""
- name: All fleets of an organization
  community.balena.balena_application_info:
    organization: acme
    class: fleet
  register: fleets

- name: One fleet with its services
  community.balena.balena_application_info:
    application: acme/kiosk
    fields: [created_at]
    expand:
      service:
        $select: [service_name]

- name: How many devices each fleet of a team has
  community.balena.balena_application_info:
    with_tags:
      team: retail
    query: "applications[].{fleet: slug, devices: device_count}"
"""

RETURN = r"""
applications:
  description:
    - The applications, ordered by slug.
    - C(organization) is null if the token may not see it, C(device_type) if the application has none.
  returned: success, without O(query)
  type: list
  elements: dict
  sample:
    - id: 6
      name: kiosk
      slug: acme/kiosk
      uuid: fd8ae75315794388a55fe3df1e67369b
      organization: acme
      device_type: raspberrypi4-64
      class: fleet
      device_count: 6
      tags: {team: retail, tier: "1"}
      track_latest_release: true
      public: false
      archived: false
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: [{fleet: acme/kiosk, devices: 6}]
"""

from ..module_utils.domain.applications.info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import APPLICATION, READ_MORE, SELECTION, Options

OPTIONS = Options(
    argument_spec={
        **APPLICATION,
        **SELECTION,
        **READ_MORE,
        "organization": {"type": "str"},
        "class": {"type": "str", "choices": ["fleet", "app", "block"]},
    },
    never_empty=("class",),
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
