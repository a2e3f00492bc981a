# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules whose plans can be written down and made later."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of PLAN_FILES in plugins/module_utils/options.py."""

    DOCUMENTATION = r"""
options:
  plan_to:
    description:
      - In check mode, write the plan to this file on the controller, to be looked at and made later with O(plan_from).
      - Secrets are in it as fingerprints that cannot be turned back. Everything else that changes is there to read.
    type: path
    version_added: 2.0.0
  plan_summary:
    description: In check mode, write the plan to this file on the controller as Markdown, such as for a pull request.
    type: path
    version_added: 2.0.0
  plan_from:
    description:
      - Fail, before anything is written, unless the task would do what this file says, which O(plan_to) has written.
      - The task has to have the same options as when the plan was written, secrets included. When something that the
        plan rests on has changed since, the message names it. What of the plan is made already is left out.
    type: path
    version_added: 2.0.0
  plan_sign_key:
    description:
      - Sign the file of O(plan_to) with this SSH key. The signature is written beside it, with C(.sig) behind its name.
      - A private key, or a public one whose private key the ssh-agent holds, which is where one with a passphrase has
        to be. Needs C(ssh-keygen) on the controller.
    type: path
    version_added: 2.0.0
"""

    SIGNERS = r"""
options:
  plan_signers:
    description:
      - Take the plan file only if it is signed with a key of this file of allowed signers, which C(ssh-keygen)
        describes. The signature is expected beside the plan file, with C(.sig) behind its name.
      - What is verified is what is then read. Needs C(ssh-keygen) on the controller.
    type: path
    version_added: 2.0.0
  plan_signer:
    description: Who has to have signed it, as O(plan_signers) calls them; without it, anyone of these.
    type: str
    version_added: 2.0.0
"""
