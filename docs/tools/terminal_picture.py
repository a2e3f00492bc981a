# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw the picture of a terminal that the README begins with: a real rollout on the emulator, as Ansible prints it.

Usage: python docs/tools/terminal_picture.py [FILE]
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT))
from emulator import Emulator  # noqa: E402

PICTURE = CHECKOUT / "docs" / "pictures" / "rollout-in-a-terminal.svg"
PLAYBOOK = "playbooks/rollout/signage.yml"
#: As fast as the emulator's clock, and at any time of the day.
QUICK = {"windows": [], "soak": 1, "poll_interval": 0.5, "rollout_success_percentage": 85}
#: The tasks that are shown; what is left out between them is a line of three dots.
SHOWN = re.compile(r"See the waves|Wave \d+ of \d+|How the rollout went|\APLAY RECAP")
WIDTH = 142
LICENCE = """<!--
Copyright (c) 2026 The community.balena authors
SPDX-License-Identifier: GPL-3.0-or-later
-->
"""
# Rich's own form asks a server for a font, which a picture of a README must not.
FORM = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title">
<title id="title">A rollout in a terminal: what is going to happen, three waves and how each went</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; \
font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>\
</clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def run() -> str:
    """Run the rollout; return what Ansible prints, with its colours."""
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / ".cache"),
        "ANSIBLE_FORCE_COLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
    }
    command = ["ansible-playbook", PLAYBOOK, "-e", json.dumps(QUICK)]
    with Emulator(seed=CHECKOUT / "emulator" / "seeds" / "demo.yml", rate=60) as emulator:
        emulator.simulate(fail_tags={}, offline_percent=0)
        environment |= {"BALENA_API_URL": emulator.url, "BALENA_TOKEN": emulator.token}
        done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"error: the rollout failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def shortened(output: str) -> str:
    """Return the part of an output that is shown."""
    parts = re.split(r"^(?=TASK|PLAY)", output, flags=re.MULTILINE)
    kept: list[str] = [f"$ ansible-playbook {PLAYBOOK}\n"]
    for part in parts:
        if SHOWN.search(part.partition("\n")[0]):
            # The line of asterisks is as long as a terminal that nobody has.
            kept.append(re.sub(r" \*{3,}$", " ***", part, count=1, flags=re.MULTILINE).strip("\n") + "\n")
        elif kept[-1] != "...\n":
            kept.append("...\n")
    return "".join(kept).rstrip()


def picture(output: str) -> str:
    """Return the picture of an output."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(Text.from_ansi(output))
    svg = console.export_svg(title="A rollout in three waves", code_format=FORM, unique_id="rollout")
    return LICENCE + re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)


def write(path: Path = PICTURE) -> None:
    """Run a rollout and draw it."""
    path.write_text(picture(shortened(run())), encoding="utf-8")


if __name__ == "__main__":
    write(*map(Path, sys.argv[1:]))
