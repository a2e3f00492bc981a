#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_application
short_description: Declare balena applications (fleets, apps and blocks)
version_added: 1.0.0
description:
  - Creates, changes, renames and removes an application and its tags.
  - Only the options that are given are compared; what is not named stays as it is.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.accounts
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
options:
  name:
    description:
      - Name of the application, alone or with its organization (V(organization/name)).
      - Four to a hundred of the characters A-Z, a-z, 0-9, C(_) and C(-).
    type: str
    required: true
  new_name:
    description:
      - Rename the application to this. The slug follows the name.
      - When O(name) is gone and this exists, the rename was done before, and nothing is changed.
    type: str
  organization:
    description:
      - Handle of the organization that owns the application.
      - Needed to create one, unless O(name) has it or there is only one organization.
    type: str
  device_type:
    description:
      - Slug (or alias) of the default device type. Needed to create an application.
      - The API allows a change only to a device type of the same architecture.
    type: str
  class:
    description: What kind of application to create. It cannot be changed later; the API's default is V(fleet).
    type: str
    choices: [fleet, app, block]
  uuid:
    description: The uuid of a new application, a version 4 uuid as 32 hexadecimal digits. It is not changed later.
    type: str
  track_latest_release:
    description:
      - Whether the application follows its latest release.
      - Setting it does not move the target at once; the next release does.
    type: bool
  public:
    description: Whether everybody can see the application.
    type: bool
  archived:
    description: Whether the application is archived.
    type: bool
  device_urls:
    description:
      - Whether port 80 of each device of the application can be reached at a public URL. Only on balenaCloud.
      - It is a property of the devices. Devices that come later have none until the task runs again.
    type: bool
  support_access_until:
    description:
      - Let balena's support staff reach the application and its devices until this date and time, such as
        V(2030-01-31) or V(2030-01-31T12:00:00Z). An empty text ends the access. Only on balenaCloud.
    type: str
  tags:
    description: Tags of the application, by key. A null value means that there must be no such tag.
    type: dict
  purge_tags:
    description: Also remove tags that O(tags) does not name. Only has an effect when O(tags) is given.
    type: bool
    default: false
  state:
    description: Whether the application should exist.
    type: str
    choices: [present, absent]
    default: present
  force:
    description: With O(state=absent), remove the application even though it still has devices, which go with it.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: A fleet
  community.balena.balena_application:
    name: acme/signage
    device_type: raspberrypi4-64
    tags:
      team: retail

- name: Give all devices a public URL, and let support look at them for a while
  community.balena.balena_application:
    name: acme/kiosk
    device_urls: true
    support_access_until: "2099-12-31"

- name: Stop following new releases
  community.balena.balena_application:
    name: acme/signage
    track_latest_release: false

- name: Rename it, with exactly one tag
  community.balena.balena_application:
    name: acme/signage
    new_name: signage-eu
    tags:
      region: eu
    purge_tags: true

- name: No such fleet
  community.balena.balena_application:
    name: acme/signage-eu
    state: absent
"""

RETURN = r"""
application:
  description:
    - The application as it is after the task (in check mode as it would be); null when it is absent.
    - It has O(device_urls) and O(support_access_until) only when they were declared.
    - C(organization) is null if the token may not see it, C(device_type) if the application has none.
  returned: success
  type: dict
  sample:
    id: 1001
    name: signage
    slug: acme/signage
    uuid: 902c6b6eed6c497385e58d107011ad24
    organization: acme
    device_type: raspberrypi4-64
    class: fleet
    device_count: 12
    tags: {team: retail}
    track_latest_release: true
    public: false
    archived: false
changes:
  description: How many rows were, or in check mode would be, created, updated and deleted.
  returned: always
  type: dict
  sample: {create: 2, update: 0, delete: 0}
diff:
  description: What changes, before and after, by resource.
  returned: always
  type: dict
  sample:
    before: {application: {acme/signage: {should_track_latest_release: true}}}
    after: {application: {acme/signage: {should_track_latest_release: false}}}
failed_items:
  description: The changes that could not be made, and why. Running the task again tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: create
      resource: application_tag
      key: [acme/signage, team]
      title: create application_tag acme/signage team
      error: "Request error: Internal Server Error"
"""

from ..module_utils.domain.applications.fields import APPLICATION, DEVICE_URLS
from ..module_utils.domain.applications.plan import plan
from ..module_utils.engine.fields import options_of
from ..module_utils.module import run_module
from ..module_utils.options import ACCOUNTS, Options

OPTIONS = Options(
    argument_spec={
        **ACCOUNTS,
        "name": {"type": "str", "required": True},
        "new_name": {"type": "str"},
        "organization": {"type": "str"},
        **options_of((*APPLICATION.fields, DEVICE_URLS)),
        "tags": {"type": "dict"},
        "purge_tags": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "force": {"type": "bool", "default": False},
    },
    never_null=("tags",),
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
