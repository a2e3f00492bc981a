# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles and modules say of large fleets, with names that are nobody's friends, for reports of it."""

from __future__ import annotations

import hashlib
from typing import Any

from ansible_collections.community.balena.plugins.module_utils.engine.wording import called

#: Names of devices that are markup, links or worse where they are not escaped.
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "](http://evil.example) [x](javascript:alert(1))",
    "| a | b |",
    "`code` **bold** {{ 7 * 7 }} $a$ @all",
    "line\nfeed\x1b[2J\u202etxt.exe",
    "</details></section></main>",
    "&lt;b&gt; &amp; &#60;",
    "x" * 300,
    "Ünïcödé 北京 🎉",
]


def device(number: int) -> dict[str, str]:
    """One device of a large fleet; one in a hundred has a hostile name."""
    name = f"berlin-sign-{number:04d}" if number % 100 else HOSTILE[number // 100 % len(HOSTILE)]
    return {"uuid": hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest(), "name": name}


def finding(number: int, kind: str, text: str, **more: Any) -> dict[str, Any]:
    """A finding about that device."""
    who = device(number)
    told = {"declared": None, "actual": None, "planned": False, "mended": False, **more}
    sentence = f"{called(who['uuid'], who['name'])} {text}"
    return {"kind": kind, "subject": who["name"], "uuid": who["uuid"], "text": sentence, **told}


def drift(devices: int = 5000) -> dict[str, Any]:
    """The drift of a fleet: pins, devices that do not run their target, variables that are all different, silence."""
    findings = []
    for number in range(devices):
        if number % 7 == 0:
            findings.append(
                finding(
                    number, "pin", "is pinned on 1.0.0 (abc1234), and is declared to follow the fleet",
                    declared="track", actual="1.0.0 (abc1234)", planned=True,
                )
            )  # fmt: skip
        if number % 3 == 0:
            findings.append(finding(number, "running", "runs 1.0.0, not its target 1.1.0; it is offline"))
        if number % 2 == 0:
            text = f"has the variable STORE '{number}', which is not declared"
            findings.append(finding(number, "variable", text, name="STORE", actual=str(number), mended=number % 4 == 0))
        if number % 5 == 0:
            text = f"has the variable V{number} '{number}', which is not declared"
            findings.append(finding(number, "variable", text, name=f"V{number}", actual=str(number)))
        if number % 11 == 0:
            findings.append(finding(number, "silent", f"has not been heard of for {30 + number % 900} days"))
    spread = {
        "release": {"1.1.0 (abc1234)": devices * 2 // 3, "1.0.0 (def5678)": devices // 3},
        "os": {f"balenaOS {major}.0.{minor}": 100 for major in (5, 6) for minor in range(20)},
        "supervisor": {"17.0.3": devices - 40, "none": 40},
    }
    return {"fleet": "acme/signs", "devices": devices, "drifted": True, "findings": findings, "spread": spread}


def rollout(devices: int = 5000) -> dict[str, Any]:
    """An account of a rollout whose last wave has failed."""
    everyone = [device(number) for number in range(devices)]
    sizes = [("canary", 5), ("1%", devices // 100), ("10%", devices // 10), ("50%", devices // 2), ("100%", devices)]
    waves: list[dict[str, Any]] = []
    reached = 0
    for number, (name, total) in enumerate(sizes, 1):
        failed = [
            {**one, "reason": f"Download failed: no space left ({total // 50} MB)"} for one in everyone[:total:50]
        ]
        pending = [{**one, "reason": "offline, not waited for"} for one in everyone[7:total:40]]
        waves.append(
            {
                "number": number,
                "name": name,
                "devices": [one["uuid"] for one in everyone[reached:total]],
                "total": total,
                "ended": f"2026-11-22T{12 + number}:{number}0:00Z",
                "passed": number < len(sizes),
                "done": total - len(failed) - len(pending),
                "failed": failed,
                "pending": pending,
                "problem": "",
            }
        )
        reached = total
    return {
        "state": "rolled_back",
        "application": "acme/signs",
        "release": {"version": "1.4.0"},
        "began": "2026-11-22T12:55:00Z",
        "ended": "2026-11-22T18:00:00Z",
        "waves": waves,
        "empty_waves": [{"number": 6, "name": "100%", "reason": "it reaches all devices already"}],
        "rolled_back": [{**one, "target": "application"} for one in everyone],
        "problem": "Wave 5 (100%) of release 1.4.0 did not pass. Too many devices failed",
    }


def names(devices: int = 5000) -> dict[str, str]:
    """What the devices are called."""
    return {one["uuid"]: one["name"] for one in map(device, range(devices))}
