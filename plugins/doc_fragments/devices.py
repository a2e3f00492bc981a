# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The device selector: the options of every module that acts on devices."""

from __future__ import annotations

_DEVICES = """
options:
  devices:
    description:
      - Devices by uuid, by the first seven or more digits of it, by name, or by id (a number).
      - A name or prefix that several devices have is an error that names them.
      - An empty list is an error, since it is most often a mistake. With O(allow_empty=true) it means no device.
    type: list
    elements: raw
"""

_APPLICATION = """
  application:
    description:
      - An application (fleet) by slug (V(organization/name)), uuid, or name where only one organization has it.
      - Without any other option that selects, all of its devices are meant. With O(devices), only those that belong
        to the application.
      - Options that select are left out, or say something. One that is given and empty, such as a null, an empty text
        or an empty dictionary, is an error. It never means all devices.
    type: str
    aliases: [fleet]
"""

_IN_APPLICATION = _APPLICATION.replace("  application:", "  in_application:").replace("[fleet]", "[in_fleet]")

_WITH_TAGS = """
  with_tags:
    description:
      - Only devices that have all of these tags with these values. A value that is null or empty is an error.
    type: dict
  has_tags:
    description:
      - Only devices that have all of these tags, whatever their values.
    type: list
    elements: str
"""

_REST = """
  filter:
    description:
      - A further condition on the devices in OData, such as V(is_online eq true). It only leaves out devices that the
        other options select, and never adds any.
    type: str
  limit:
    description:
      - At most this many of the devices, a number or a percentage such as V(10%), rounded up.
      - The order is stable, so that 10 % is part of 20 %.
      - Refused where the task makes devices stop matching the other options, such as moving or removing them, since
        each run would go on to further devices. Name them in O(devices) then.
    type: str
  allow_empty:
    description:
      - Whether it is fine that the options select no device. Otherwise that is an error, since most often it is a
        mistake.
    type: bool
    default: false
"""


class ModuleDocFragment:
    """The options of DEVICE_SELECTOR in plugins/module_utils/options.py, and of its variants."""

    # Annotated, since the lint of the documentation takes a plain assignment to be one literal.
    DOCUMENTATION: str = _DEVICES + _APPLICATION + _WITH_TAGS + _REST

    #: For a module that declares the application that devices belong to.
    IN_APPLICATION: str = _DEVICES + _IN_APPLICATION + _WITH_TAGS + _REST
