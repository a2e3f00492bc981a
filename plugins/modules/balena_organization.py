#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_organization
short_description: Declare organizations of balenaCloud, their members and invitations
version_added: 2.0.0
description:
  - Creates, renames and removes an organization, and says who belongs to it in which role.
  - Somebody who is not a member yet is invited and is C(pending) until the invitation is accepted. Running the task
    again does not invite anybody twice.
  - An organization never loses its last administrator.
  - Only on balenaCloud.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
options:
  handle:
    description: The organization's handle, which is the first part of the slugs of its applications. It never changes.
    type: str
    required: true
  name:
    description: What the dashboard calls the organization. That of a new one is its handle, unless this says otherwise.
    type: str
  members:
    description:
      - Roles by person, V(administrator) or V(member). A person is a user name or, of somebody to be invited, an
        e-mail address. A null value means that this person must be neither a member nor invited.
      - Declare members by their user names. An e-mail address is recognized in a member only by tokens that may see
        the addresses of others.
      - The role of somebody who is pending changes by a new invitation.
    type: dict
  purge:
    description:
      - Also remove members, and take back invitations, that O(members) does not name. Only has an effect when
        O(members) is given.
      - The user whose token is used is never removed by that; the task fails instead, before it changes anything.
    type: bool
    default: false
  invitation:
    description: What mails say that invite people.
    type: str
  state:
    description: Whether the organization should exist. One that still has applications is not removed.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: An organization with two administrators, and somebody who is invited
  community.balena.balena_organization:
    handle: retail
    name: Acme Retail
    members:
      admin: administrator
      ana: administrator
      ben@example.com: member

- name: These members and nobody else
  community.balena.balena_organization:
    handle: retail
    members:
      admin: administrator
      ben@example.com: administrator
    purge: true

- name: No such organization
  community.balena.balena_organization:
    handle: retail
    state: absent
"""

RETURN = r"""
organization:
  description:
    - The organization as it is after the task (in check mode as it would be); null when it is absent.
    - C(pending) has the roles of those who are invited and have not come yet.
  returned: success
  type: dict
  sample:
    id: 7
    handle: retail
    name: Acme Retail
    members: {admin: administrator, ana: administrator}
    pending: {ben@example.com: member}
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
    before: {organization_membership: {retail ana: {organization_membership_role: member}}}
    after: {organization_membership: {retail ana: {organization_membership_role: administrator}}}
failed_items:
  description: The changes that could not be made, and why. Running the task again tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: create
      resource: invitee__is_invited_to__organization
      key: [retail, ben@example.com]
      title: create invitee__is_invited_to__organization retail ben@example.com
      error: "Request error: Internal Server Error"
"""

from ..module_utils.domain.access.organizations import RESOURCE, plan
from ..module_utils.engine.fields import options_of
from ..module_utils.module import run_module
from ..module_utils.options import Options

OPTIONS = Options(
    argument_spec={
        **options_of(RESOURCE.all),
        "members": {"type": "dict"},
        "purge": {"type": "bool", "default": False},
        "invitation": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    never_null=("members",),
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
