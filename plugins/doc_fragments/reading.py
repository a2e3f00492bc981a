# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of info modules: more of the API's data, and a query that shapes the result."""

from __future__ import annotations

_MORE = """
options:
  fields:
    description:
      - More columns of the API's resource, to be returned under their own names, such as V(created_at).
      - The secrets of devices and the values of API keys are never returned.
    type: list
    elements: str
  expand:
    description:
      - Relations of the API's resource to be returned too, under their own names. A list of names, or a dictionary of
        names and the OData options to read each with, such as C($select) and C($filter).
      - A relation that the module reads for its own result takes no options.
    type: raw
"""

_QUERY = """
  query:
    description:
      - A JMESPath expression over what the module returns otherwise. Then only RV(result) is returned, which is what
        it makes of that.
      - Needs the Python library jmespath on the controller.
    type: str
"""

_SELECTION = """
options:
  with_tags:
    description:
      - Only those that have all of these tags with these values. A value that is null or empty is an error.
      - An option that is given and empty is an error; it never means all. Leave it out to select without it.
    type: dict
  has_tags:
    description: Only those that have all of these tags, whatever their values.
    type: list
    elements: str
  filter:
    description:
      - A further condition in OData, such as V(created_at gt 2026-01-01). It only leaves out what the other options
        select, and never adds anything.
    type: str
  allow_empty:
    description: Whether it is fine that the options select nothing. Otherwise that is an error.
    type: bool
    default: false
"""


class ModuleDocFragment:
    """The options of READ_MORE in plugins/module_utils/options.py; QUERY and SELECTION of the parts of these names."""

    # Annotated, since the lint of the documentation takes a plain assignment to be one literal.
    DOCUMENTATION: str = _MORE + _QUERY

    QUERY: str = "options:" + _QUERY

    SELECTION: str = _SELECTION
