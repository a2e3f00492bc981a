# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the diagnoses of devices come to, wherever they were made."""

from __future__ import annotations

DOCUMENTATION = r"""
name: diagnosis
author:
  - The community.balena maintainers (!UNKNOWN)
version_added: 2.0.0
short_description: What the diagnoses of devices come to
description:
  - Puts the diagnoses of M(community.balena.balena_diagnosis_info) and M(community.balena.shell_diagnosis) together,
    counts them, and writes a report. The role P(community.balena.diagnose#role) does so.
  - Of a device that both have diagnosed, a check that the host itself has measured counts more.
  - It asks no server.
options:
  _terms:
    description: The C(devices) of M(community.balena.balena_diagnosis_info).
  hosts:
    description:
      - Results of M(community.balena.shell_diagnosis) by the names of the hosts. Of one that failed, nothing is known.
    type: dict
    default: {}
  uuids:
    description: The uuids of hosts by their names, as far as they are known.
    type: dict
    default: {}
  checks:
    description: The checks that were made on hosts. Without it, all that are possible.
    type: list
    elements: str
  title:
    description: What the report is about.
    type: str
    default: the devices
"""

EXAMPLES = r"""
- name: No device is in a bad way
  vars:
    health: "{{ lookup('community.balena.diagnosis', *measured.devices) }}"
  ansible.builtin.assert:
    that: health.worst != 'bad'
    fail_msg: "{{ health.summary }}"
"""

RETURN = r"""
_raw:
  description: What the diagnoses come to.
  type: list
  elements: dict
  contains:
    devices:
      description: The devices, each with its diagnosis.
      type: list
      elements: dict
    worst:
      description: The worst result of all devices; V(unknown) if nothing is known.
      type: str
    counts:
      description: How many devices are V(good), V(warn), V(bad) and V(unknown), each by its worst check.
      type: dict
    findings:
      description: What is not good, by check, the bad ones first, with the devices.
      type: list
      elements: dict
    summary:
      description: The same in one sentence that counts the devices and names the first of each finding.
      type: str
    report:
      description: The same as Markdown, with all devices that are not good.
      type: str
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils.domain.diagnosis import checks, report, together
from ..module_utils.engine import dates
from ..module_utils.engine.plan import DeclarationError

#: How much of what went wrong on a host a report repeats.
_READABLE = 200


class LookupModule(LookupBase):
    """The lookup."""

    def run(
        self, terms: Sequence[Any], variables: Mapping[str, Any] | None = None, **options: Any
    ) -> list[dict[str, Any]]:
        """Return what the diagnoses come to.

        :raises AnsibleLookupError: one of them is none, or a check that was asked for does not exist.
        """
        self.set_options(var_options=variables, direct=options)
        uuids = self.get_option("uuids")
        names = self.get_option("checks")
        try:
            asked = names and [name for name in names if _on_host(name)]
            wanted = checks.declared({"checks": asked, "thresholds": None}, checks.HOST)
            hosts = [_of_host(name, uuids.get(name), one, wanted) for name, one in self.get_option("hosts").items()]
            devices = together.merged(terms, hosts)
            found = {"devices": devices, **together.together(devices)}
        except DeclarationError as error:
            raise AnsibleLookupError(str(error)) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise AnsibleLookupError("diagnosis: a term or a host is not what a diagnosis returns") from error
        moment = dates.now().isoformat(timespec="seconds").replace("+00:00", "Z")
        return [{**found, "report": report.markdown(self.get_option("title"), found, moment)}]


def _on_host(name: str) -> bool:
    """Whether hosts can make a check; one that does not exist is left to be refused."""
    return name not in checks.CHECKS or checks.HOST in checks.CHECKS[name].sources


def _of_host(name: str, uuid: Any, result: Mapping[str, Any], wanted: Sequence[checks.Check]) -> dict[str, Any]:
    """The diagnosis of a host, as its task has returned it."""
    if "checks" in result:
        return {key: result[key] for key in ("uuid", "name", "source", "worst", "counts", "summary", "checks")}
    why = str(result.get("msg") or "it was not asked")[:_READABLE]
    return together.unreached(uuid, name, wanted, why)
