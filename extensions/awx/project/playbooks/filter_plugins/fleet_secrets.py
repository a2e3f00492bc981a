# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets of fleets, as the second credential hands them to a job: in a file that only the job can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

CREDENTIAL = "The credential 'balena fleet secrets'"


def secrets_in_file(path: str) -> dict[str, str]:
    """Return the secrets of a file by their names; none if there is no file.

    :raises AnsibleFilterError: it holds something else. None of its content is shown.
    """
    if not path:
        return {}
    try:
        found: Any = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        raise AnsibleFilterError(f"{CREDENTIAL} cannot be read as YAML or JSON.") from None
    if not isinstance(found, Mapping):
        raise AnsibleFilterError(f"{CREDENTIAL} does not hold names with values.")
    for name, value in found.items():
        if not isinstance(value, str):
            raise AnsibleFilterError(f"{CREDENTIAL} has a value for '{name}' that is not text: write it in quotes.")
    return dict(wrap_var({str(name): value for name, value in found.items()}))


class FilterModule:
    """The filter of the project's playbooks."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"secrets_in_file": secrets_in_file}
