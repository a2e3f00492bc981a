#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_release_info
short_description: Read releases of a balena application
version_added: 1.0.0
description:
  - Returns the releases of an application that the options select, the newest first, in one request.
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
      - An application (fleet) by slug (V(organization/name)), uuid, or name where only one organization has it.
    type: str
    required: true
    aliases: [fleet]
  release:
    description:
      - Only this release. A commit or the first seven or more digits of it, an id, a version such as V(1.2.3), or
        V(latest).
      - A range such as V(^1.2) means the highest version in it that is final, successful and not invalidated.
    type: raw
  final:
    description: Only releases that are final, or with V(false) only drafts.
    type: bool
  invalidated:
    description: Only releases that were invalidated, or with V(false) only others.
    type: bool
  limit:
    description: Only this many, the newest ones.
    type: int
  images:
    description: Also return RV(releases[].images), where the images of the services are stored.
    type: bool
    default: false
  assets:
    description: Also return RV(releases[].assets), the files that belong to the releases.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: The last three releases that devices can get
  community.balena.balena_release_info:
    application: acme/kiosk
    final: true
    invalidated: false
    limit: 3
  register: recent

- name: What a version consists of
  community.balena.balena_release_info:
    application: acme/kiosk
    release: 1.1.0
    images: true

- name: The files of the latest release
  community.balena.balena_release_info:
    application: acme/kiosk
    release: latest
    assets: true
  register: latest

- name: The newest version that is approved
  community.balena.balena_release_info:
    application: acme/kiosk
    with_tags:
      approved: "yes"
    query: "releases[0].version"
  register: approved
"""

RETURN = r"""
releases:
  description: The releases, the newest first.
  returned: success, without O(query)
  type: list
  elements: dict
  contains:
    images:
      description: Where the image of each service is stored.
      returned: with O(images)
      type: dict
      sample: {web: registry2.balena-cloud.com/v2/db5097f5fb0d4c8092435608c602a87b}
    assets:
      description:
        - The files of the release, by key. From C(url) anybody can download the file for a while,
          without a token.
      returned: with O(assets)
      type: dict
      sample:
        manual.pdf:
          filename: manual.pdf
          size: 48213
          content_type: application/pdf
          url: https://files.example.com/manual.pdf?Expires=1764200000&Signature=abc
  sample:
    - id: 15
      commit: e0875b6dcec1b5b07251077e838daae5b7b5a94c
      version: 1.2.0
      status: success
      final: true
      invalidated: false
      note: null
      known_issues: null
      created_at: "2026-11-21T21:59:41.697Z"
      tags: {approved: "yes"}
result:
  description: What the JMESPath expression O(query) makes of what is returned otherwise; then nothing else is.
  returned: when O(query) is given
  type: raw
  sample: 1.2.0
"""

from ..module_utils.domain.releases.info import read
from ..module_utils.module import run_info_module
from ..module_utils.options import READ_MORE, SELECTION, Options

OPTIONS = Options(
    argument_spec={
        **SELECTION,
        **READ_MORE,
        "application": {"type": "str", "required": True, "aliases": ["fleet"]},
        "release": {"type": "raw"},
        "final": {"type": "bool"},
        "invalidated": {"type": "bool"},
        "limit": {"type": "int"},
        "images": {"type": "bool", "default": False},
        "assets": {"type": "bool", "default": False},
    },
    never_empty=("release", "final", "invalidated"),
)


def main() -> None:
    """Run as a process of its own."""
    run_info_module(OPTIONS, read)


if __name__ == "__main__":
    main()
