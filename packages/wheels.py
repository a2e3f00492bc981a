# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the SDK and the emulator as packages of their own, and use them where there is no Ansible.

Usage: wheels.py build | smoke
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
DIST = CHECKOUT / ".cache" / "dist"
PACKAGES = ("sdk", "emulator")
# One talks to the other; neither finds Ansible or the checkout.
USE = """
import importlib.util
from balena_emulator import Emulator
from community_balena_sdk import Balena
from community_balena_sdk.errors import BalenaApplicationNotFound

assert not any(map(importlib.util.find_spec, ("ansible", "emulator"))), "more is installed than the packages"
with Emulator() as emulator, Balena(token=emulator.token, api_url=emulator.url) as balena:
    emulator.seed({"applications": [{"name": "kiosk", "devices": [{"name": "berlin-sign-01"}]}]})
    device, = balena.models.device.get_all_by_application("acme/kiosk")
    balena.models.device.env_var.set(device["uuid"], "LOG_LEVEL", "debug")
    print(device["device_name"], balena.models.device.env_var.get(device["uuid"], "LOG_LEVEL"))
    try:
        balena.models.application.get("acme/no-such-fleet")
    except BalenaApplicationNotFound as error:
        print(error)
"""
# An editor and mypy know the methods.
TYPED = """
from community_balena_sdk import Balena

reveal_type(Balena(token="x").models.device.get)
Balena(token="x").models.device.no_such_method()
"""


def build() -> int:
    """Build both wheels into .cache/dist."""
    shutil.rmtree(DIST, ignore_errors=True)
    folders = [str(CHECKOUT / "packages" / name) for name in PACKAGES]
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(DIST), *folders], check=True)
    sys.stdout.write("".join(f"{path.relative_to(CHECKOUT)}\n" for path in sorted(DIST.iterdir())))
    return 0


def smoke() -> int:
    """Install both into an empty environment; use them there, and let mypy look at a script."""
    folder = CHECKOUT / ".cache" / "venvs" / "wheels"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    wheels = [str(path) for path in DIST.glob("*.whl")]
    subprocess.run([str(python), "-m", "pip", "install", "-q", *wheels, "mypy", "types-requests"], check=True)
    subprocess.run([str(python), "-I", "-c", USE], cwd=folder, check=True)
    script = folder / "typed.py"
    script.write_text(TYPED, encoding="utf-8")
    typed = subprocess.run(
        [str(python), "-m", "mypy", "--strict", str(script)], cwd=folder, capture_output=True, text=True, check=False
    )
    sys.stdout.write(typed.stdout)
    good = 'has no attribute "no_such_method"' in typed.stdout and "Found 1 error" in typed.stdout
    return 0 if good and "def (" in typed.stdout else 1


if __name__ == "__main__":
    sys.exit({"build": build, "smoke": smoke}[sys.argv[1]]())
