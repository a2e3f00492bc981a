#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_report
short_description: Write reports of rollouts, updates and drift as HTML, Markdown or JSON
version_added: 2.0.0
description:
  - Writes what the roles P(community.balena.rollout#role) and P(community.balena.os_update#role) or the module
    M(community.balena.balena_fleet) say into files for people. Devices have their names, and links to the dashboard.
    What is alike is one group that can be unfolded, so that thousands of findings fit on a screen.
  - HTML is one file, for phones and desktops, light and dark. Nothing in it comes from elsewhere, and it has no script.
    Text of a fleet is never markup, in no form.
  - The file is written on the controller. It asks no server.
author:
  - The community.balena maintainers (!UNKNOWN)
notes:
  - HTML and Markdown list as many devices as there is room for, and count the others. An HTML file has less than
    300 kB, one for a mail less than 100 kB, and Markdown less than 60 kB, for a comment on a pull request.
    JSON is complete.
attributes:
  action:
    description: Runs inside the controller, whatever the host of the task is.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
    details: Nothing is written then. With C(check_mode=false) it writes the report of a run in check mode.
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), when in diff mode.
    support: none
    details: The report is there to be read.
  idempotent:
    description: Running it again with the same options and nothing changed in between makes no change.
    support: none
    details: HTML and Markdown say when they were made. JSON does not.
options:
  kind:
    description:
      - What O(data) is. V(rollout) is C(rollout_result), V(os_update) is C(os_update_result), and V(drift) is
        RV(community.balena.balena_fleet#module:drift), or C(fleet_drift) of the role P(community.balena.fleet#role).
    type: str
    choices: [rollout, os_update, drift]
    required: true
  data:
    description: What the report is of, one such account or a list of them.
    type: raw
    required: true
  to:
    description:
      - The files. C(.html), C(.mail.html), C(.md) and C(.json) at the end of a name say the form. A relative path
        begins in the folder of the playbook.
    type: list
    elements: path
    default: []
  format:
    description:
      - The form of files whose names do not say one.
      - With V(mail), HTML files are such as mail programs show, with tables, all groups unfolded, and styles beside
        what they are for.
    type: str
    choices: [html, mail, markdown, json]
  title:
    description: The title of the report.
    type: str
  known_devices:
    description: Devices with a C(uuid) and a C(name), such as modules return, where O(data) has no names.
    type: list
    elements: dict
    default: []
  dashboard:
    description:
      - The address of the dashboard, to whose pages the names of devices are links. With V(none) there are no links.
      - Without it, the dashboard that belongs to the API is meant. That is the one of C(api_url) in
        C(module_defaults), or of E(BALENA_API_URL), or balenaCloud's.
    type: str
  show:
    description: Whether to show RV(lines) to whoever watches the task.
    type: bool
    default: false
  fail_msg:
    description: When the files are written, fail with this text. An empty one says that all is well.
    type: str
    default: ""
seealso:
  - module: community.balena.balena_fleet
"""

EXAMPLES = r"""
- name: The drift of a fleet as a page, and for a comment on a pull request
  community.balena.balena_report:
    kind: drift
    data: "{{ converged.drift }}"
    to: [drift.html, drift.md]
  vars:
    converged:
      drift: {fleet: acme/kiosk, drifted: false, devices: 20, counts: {}, findings: [], spread: {}}

- name: An account of a rollout for a mail
  community.balena.balena_report:
    kind: rollout
    data: "{{ rollout_result }}"
    to: mail.html
    format: mail
    title: Version 1.4.0 is out
  vars:
    rollout_result: {state: finished, application: acme/kiosk, release: {version: 1.4.0}, waves: []}
"""

RETURN = r"""
state:
  description:
    - With V(rollout) and V(os_update), all keys of the one account that O(data) is are in the result too, so that
      C(register) keeps it. This is one of them.
  returned: with O(kind=rollout) and O(kind=os_update), unless O(data) is a list
  type: str
  sample: finished
files:
  description: The files, as whole paths.
  returned: success
  type: list
  elements: path
  sample: [/home/ops/drift.html]
lines:
  description:
    - The same in a few lines. Of waves that have all passed with all of their devices, O(show) shows only the first.
  returned: success
  type: list
  elements: str
  sample: ["acme/kiosk: 20 devices, as declared"]
"""

from ..module_utils.action_only import needs_action
from ..module_utils.options import Options

OPTIONS = Options(
    argument_spec={
        "kind": {"type": "str", "choices": ["rollout", "os_update", "drift"], "required": True},
        "data": {"type": "raw", "required": True},
        "to": {"type": "list", "elements": "path", "default": []},
        "format": {"type": "str", "choices": ["html", "mail", "markdown", "json"]},
        "title": {"type": "str"},
        "known_devices": {"type": "list", "elements": "dict", "default": []},
        "dashboard": {"type": "str"},
        "show": {"type": "bool", "default": False},
        "fail_msg": {"type": "str", "default": ""},
    },
    api=False,
    data=("data", "fail_msg"),
)


def main() -> None:
    """Run as a process of its own."""
    needs_action(OPTIONS)


if __name__ == "__main__":
    main()
