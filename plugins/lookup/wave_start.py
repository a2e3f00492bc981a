# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a wave of devices may begin."""

from __future__ import annotations

DOCUMENTATION = r"""
name: wave_start
author:
  - The community.balena maintainers (!UNKNOWN)
version_added: 2.0.0
short_description: Whether a wave of devices may begin
description:
  - Says whether a wave may begin now, by its maintenance windows and by its approval. The roles
    P(community.balena.rollout#role) and P(community.balena.os_update#role) ask it before each wave.
  - It asks no server.
options:
  _terms:
    description: The wave, as M(community.balena.balena_rollout_info) returns it.
    required: true
  windows:
    description: Maintenance windows, as M(community.balena.balena_rollout_info) takes them.
    type: list
    elements: dict
    default: []
  outside_window:
    description: Whether to V(wait) for the next window, or to V(stop).
    type: str
    choices: [wait, stop]
    default: wait
  approval:
    description: The numbers of the waves that need approval, as M(community.balena.balena_rollout_info) returns them.
    type: list
    elements: int
    default: []
  approved:
    description: Waves up to this number are approved.
    type: int
    default: 0
  begun:
    description: The number of the wave that was begun last. It was approved then.
    type: int
    default: 0
  prompt:
    description: Whether somebody can be asked. In AWX nobody can.
    type: bool
    default: true
  approved_variable:
    description: What the sentence calls the variable by which a wave is approved.
    type: str
    default: approved
"""

EXAMPLES = r"""
- name: The second wave may begin
  vars:
    night: [{start: "22:00", end: "04:00", timezone: Europe/Berlin}]
    start: "{{ lookup('community.balena.wave_start', planned.waves[1], windows=night) }}"
  ansible.builtin.assert:
    that: start.verdict == 'begin'
    fail_msg: "{{ start.sentence }}"
"""

RETURN = r"""
_raw:
  description: Whether the wave may begin.
  type: list
  elements: dict
  contains:
    state:
      description: V(open), V(closed) outside of the windows, or V(unapproved).
      type: str
    verdict:
      description: What is to be done, V(begin), V(wait), V(ask) or V(stop).
      type: str
    sentence:
      description: Why it may not begin; empty if it may.
      type: str
    next_wave:
      description: The number of the wave.
      type: int
    opens_in:
      description: Seconds until a window opens, with the verdict V(wait).
      type: int
    closes_in:
      description: Seconds until the window closes; 0 if it never does, or none is open.
      type: int
    question:
      description: What to ask for approval.
      type: str
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils.domain.waves.start import Rules, start
from ..module_utils.domain.waves.windows import read_windows
from ..module_utils.engine import dates
from ..module_utils.engine.plan import DeclarationError

#: AWX runs jobs in a terminal at which nobody sits.
_IN_AWX = {"awx_job_id", "tower_job_id"}


class LookupModule(LookupBase):
    """The lookup."""

    def run(
        self, terms: Sequence[Any], variables: Mapping[str, Any] | None = None, **options: Any
    ) -> list[dict[str, Any]]:
        """Return for each wave whether it may begin.

        :raises AnsibleLookupError: the windows make no sense.
        """
        self.set_options(var_options=variables, direct=options)
        try:
            windows = read_windows(self.get_option("windows"))
        except DeclarationError as error:
            raise AnsibleLookupError(str(error)) from error
        rules = Rules(
            windows=windows,
            waits=self.get_option("outside_window") == "wait",
            approval=self.get_option("approval"),
            approved=max(self.get_option("approved"), self.get_option("begun")),
            asks=self.get_option("prompt") and not _IN_AWX & (variables or {}).keys(),
            variable=self.get_option("approved_variable"),
        )
        return [start(wave, rules, dates.now()).shown() for wave in terms]
