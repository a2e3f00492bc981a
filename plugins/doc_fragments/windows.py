# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that know maintenance windows."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of WINDOWS in plugins/module_utils/options.py."""

    DOCUMENTATION = r"""
options:
  windows:
    description:
      - Maintenance windows. It is open while one of them is, and always if there is none.
      - Times are those of the clock on the wall. When clocks are set forward, a time that does not come is the moment
        at which they are. When they are set back, a time that comes twice opens a window at the first and closes it at
        the second.
    type: list
    elements: dict
    suboptions:
      start:
        description: Time of day at which it opens, such as V("22:00").
        type: raw
        required: true
      end:
        description:
          - Time of day at which it closes, such as V("24:00"). One that is not later than O(windows[].start) is on the
            next day.
        type: raw
        required: true
      days:
        description: Weekdays on which it opens, such as V([mon-thu, sun]). Without it, all.
        type: list
        elements: str
      timezone:
        description:
          - Time zone of both times, such as V(Europe/Berlin). It comes before whatever else says a time zone. If
            nothing does, it is V(UTC).
          - The names are those of the time zones that the controller's operating system or its Python library C(tzdata)
            knows.
        type: str
"""
