# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the result of each task of the collection as a line of JSON, so that runs can be compared."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: aggregate
short_description: Record task results
description: Records the results of the tasks of this collection.
"""


class CallbackModule(CallbackBase):
    """Appends to the file that RECORD_FILE names."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"

    def _record(self, result, **_ignored):
        task = result._task
        if "community.balena." not in task.action or task.loop:
            return
        line = {"task": task.get_name(), **{k: v for k, v in result._result.items() if not k.startswith("_ansible")}}
        with Path(os.environ["RECORD_FILE"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, sort_keys=True, default=str) + "\n")

    v2_runner_on_ok = v2_runner_on_failed = _record
