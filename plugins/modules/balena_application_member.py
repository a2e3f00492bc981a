#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_application_member
short_description: Declare the collaborators of an application
version_added: 2.0.0
description:
  - Says who works on an application in which role, beside the administrators of its organization and its teams.
  - Members of the organization become collaborators at once. Everybody else is invited and is C(pending) until the
    invitation is accepted. Running the task again does not invite anybody twice.
  - Only on balenaCloud.
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
options:
  application:
    description: Slug, uuid or name of the application.
    type: str
    required: true
    aliases: [fleet]
  members:
    description:
      - Roles by person, V(developer), V(operator) or V(observer). A person is a user name or an e-mail address. A null
        value means that this person must be neither a collaborator nor invited.
      - The role of somebody who is pending changes by a new invitation.
    type: dict
    required: true
  purge:
    description: Also remove collaborators, and take back invitations, that O(members) does not name.
    type: bool
    default: false
  invitation:
    description: What mails say that invite people.
    type: str
"""

EXAMPLES = r"""
- name: Somebody from outside may look at the kiosks
  community.balena.balena_application_member:
    application: acme/kiosk
    members:
      admin: developer
      guest@example.com: observer

- name: Nobody else than the administrators
  community.balena.balena_application_member:
    application: acme/kiosk
    members: {}
    purge: true
"""

RETURN = r"""
collaborators:
  description:
    - The application's slug, the roles of its collaborators by user name, and in C(pending) the roles of those who are
      invited and have not come yet; as they are after the task (in check mode as they would be).
  returned: success
  type: dict
  sample:
    application: acme/kiosk
    members: {admin: developer}
    pending: {guest@example.com: observer}
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
    before: {user_application_membership: {acme/kiosk admin: {application_membership_role: observer}}}
    after: {user_application_membership: {acme/kiosk admin: {application_membership_role: developer}}}
failed_items:
  description: The changes that could not be made, and why. Running the task again tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: create
      resource: invitee__is_invited_to__application
      key: [acme/kiosk, guest@example.com]
      title: create invitee__is_invited_to__application acme/kiosk guest@example.com
      error: "Request error: Internal Server Error"
"""

from ..module_utils.domain.access.collaborators import plan
from ..module_utils.module import run_module
from ..module_utils.options import APPLICATION, Options

OPTIONS = Options(
    argument_spec={
        "application": {**APPLICATION["application"], "required": True},
        "members": {"type": "dict", "required": True},
        "purge": {"type": "bool", "default": False},
        "invitation": {"type": "str"},
    },
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
