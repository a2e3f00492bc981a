# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of its own that plans a document in check mode and prints what it took, as JSON.

The plan is made once by itself and once with its forecast, so that the requests of the forecast are their difference.
Usage: python -m tests.bench.document_plan URL TOKEN.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
from typing import Any

from emulator.remote import EmulatorControl
from tests.bench.fleet import NAME
from tests.support.tasks import COLLECTION, run_task

VARIABLES = {"LOG_LEVEL": "debug", "REGION": "eu"}
DOCUMENT: dict[str, Any] = {"fleet": NAME, "device_defaults": {"env": VARIABLES}}


def main(url: str, token: str) -> None:
    """Plan, and tell how many requests and how much memory that took."""
    server = EmulatorControl(url, token)

    def requests() -> int:
        return int(server.state()["requests"])

    module = importlib.import_module(f"{COLLECTION}.modules.balena_fleet")
    connection = importlib.import_module(f"{COLLECTION}.module_utils.connection")
    options = {"api_url": url, "api_token": token, "document": DOCUMENT}
    params = module.OPTIONS.validate(options, "balena_fleet")[0].validated_parameters
    start = requests()
    planned = module.plan(connection.connect(params, read_only=True), params)
    alone = requests() - start
    del planned
    start = requests()
    result = run_task(server, "balena_fleet", check_mode=True, document=DOCUMENT)
    told = {
        "planned": alone,
        "foreseen": requests() - start - alone,
        "changes": result["changes"]["create"],
        "restarts": result["forecast"]["restarts"],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
