#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_team
short_description: Declare teams of an organization, their members and what they may do
version_added: 2.0.0
description:
  - Creates, renames and removes a team, and says who belongs to it and which applications it may work on in which role.
  - Members of a team are members of its organization. Somebody who has not accepted the invitation to the organization
    yet is C(pending); run the task again later.
  - Only on balenaCloud.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
options:
  organization:
    description: Handle of the organization that the team belongs to.
    type: str
    required: true
  name:
    description: The team's name.
    type: str
    required: true
  new_name:
    description:
      - Rename the team to this.
      - When O(name) is gone and this exists, the rename was done before, and nothing is changed.
    type: str
  members:
    description: User names of the members, or the e-mail addresses with which they were invited to the organization.
    type: list
    elements: str
  access:
    description:
      - Roles by application (V(organization/name)), such as V(developer), V(operator) or V(observer). A null value
        means that the team must not have access to the application.
    type: dict
  purge:
    description:
      - Also remove the members that O(members) does not name, and the access to applications that O(access) does
        not name; of either only when it is given.
    type: bool
    default: false
  state:
    description: Whether the team should exist.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: A team that watches the kiosks
  community.balena.balena_team:
    organization: acme
    name: night shift
    members: [admin]
    access:
      acme/kiosk: observer

- name: It may do more, under another name
  community.balena.balena_team:
    organization: acme
    name: night shift
    new_name: operations
    access:
      acme/kiosk: operator

- name: No such team
  community.balena.balena_team:
    organization: acme
    name: operations
    state: absent
"""

RETURN = r"""
team:
  description:
    - The team as it is after the task (in check mode as it would be); null when it is absent.
    - C(pending) are those who become members when they have accepted the invitation to the organization.
  returned: success
  type: dict
  sample:
    id: 3
    name: night shift
    organization: acme
    members: [admin]
    pending: []
    access: {acme/kiosk: observer}
changes:
  description: How many rows were, or in check mode would be, created, updated and deleted.
  returned: always
  type: dict
  sample: {create: 1, update: 1, delete: 0}
diff:
  description: What changes, before and after, by resource.
  returned: always
  type: dict
  sample:
    before: {team_application_access: {acme night shift acme/kiosk: {application_membership_role: observer}}}
    after: {team_application_access: {acme night shift acme/kiosk: {application_membership_role: operator}}}
failed_items:
  description: The changes that could not be made, and why. Running the task again tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: create
      resource: team_membership
      key: [acme, night shift, ana]
      title: create team_membership acme night shift ana
      error: "Request error: Internal Server Error"
"""

from ..module_utils.domain.access.teams import RESOURCE, plan
from ..module_utils.engine.fields import options_of
from ..module_utils.module import run_module
from ..module_utils.options import Options

OPTIONS = Options(
    argument_spec={
        "organization": {"type": "str", "required": True},
        **options_of(RESOURCE.all),
        "new_name": {"type": "str"},
        "members": {"type": "list", "elements": "str"},
        "access": {"type": "dict"},
        "purge": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    never_null=("members", "access"),
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
