# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do a piece of work with the Python balena-sdk as its users do, and print the seconds; run by its own Python.

`work.py JOB.json`, a file with: url, token, folder (for its settings), work, uuids, value, commit.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

# The address of the API can only be set in its settings file, where no setting may be missing.
SETTINGS = """[Settings]
balena_host = balena-cloud.com
builder_url = https://builder.balena-cloud.com/
pine_endpoint = {url}/v7/
api_endpoint = {url}/
api_version = v7
data_directory = {folder}
cache_directory = {folder}/cache
image_cache_time = 604800000
token_refresh_interval = 3600000
timeout = 30000
device_actions_endpoint_version = v1
retry_rate_limited_request = false
request_limit_interval = 60
token = {token}
"""


def do(balena: Any, job: dict[str, Any]) -> None:
    """One piece of work."""
    device = balena.models.device
    if job["work"] == "variable":
        for uuid in job["uuids"]:
            device.env_var.set(uuid, "LOG_LEVEL", job["value"])
    elif job["work"] == "pin":
        device.pin_to_release(job["uuids"], job["commit"])


def main() -> None:
    """Read the job, do it, print how long it took."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    (Path(job["folder"]) / "balena.cfg").write_text(SETTINGS.format(**job), encoding="utf-8")
    from balena import Balena  # type: ignore[import-not-found]

    balena = Balena({"data_directory": job["folder"]})
    start = time.perf_counter()
    do(balena, job)
    sys.stdout.write(f"{time.perf_counter() - start}\n")


if __name__ == "__main__":
    main()
