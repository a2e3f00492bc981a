# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the variables that a role was given."""

from __future__ import annotations

DOCUMENTATION = r"""
name: role_mistakes
author:
  - The community.balena maintainers (!UNKNOWN)
version_added: 2.0.0
short_description: What is wrong with the variables that a role of this collection was given
description:
  - Returns a sentence for each mistake in the variables of the role that is running, or an empty list. The roles of
    this collection refuse to go on with the first task if there is one.
  - ansible-core checks the types of a role's variables before its first task. This finds what it lets pass. That is
    null, what is given and empty where that could mean all, numbers that are out of bounds, texts that are too long,
    and misspelt names of variables.
  - A variable counts as misspelt if its name begins with the role's name, is none of the role's, and is so much like
    one that hardly anything else can be meant (C(rollout_wave) for C(rollout_waves)). Other variables that begin with
    the role's name are left alone, as are those that a variable of the role refers to, and results of tasks.
options: {}
"""

EXAMPLES = r"""
- name: The variables make sense
  ansible.builtin.assert:
    that: query('community.balena.role_mistakes') | length == 0
    quiet: true
    fail_msg: "{{ query('community.balena.role_mistakes') | join('; ') }}"
"""

RETURN = r"""
_raw:
  description: What is wrong, one sentence for each variable.
  type: list
  elements: str
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils.role_variables import Role


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms: Sequence[Any], variables: Mapping[str, Any] | None = None, **options: Any) -> list[str]:
        """Return what is wrong with the variables of the role that is running.

        :raises AnsibleLookupError: no role is running.
        """
        known = variables or {}
        if not known.get("role_path"):
            raise AnsibleLookupError("role_mistakes is for the tasks of a role, and none is running")
        return Role.at(Path(known["role_path"])).mistakes(known, self._templar.template)
