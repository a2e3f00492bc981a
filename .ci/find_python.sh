#!/bin/sh
# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Print the path of a Python 3.10 to 3.14 that can make virtual environments: $PYTHON if it is set, else the
# first of python3, python3.14 ... python3.10 that works, else one that pyenv keeps. A name on PATH proves
# nothing: pyenv's shims exist for versions that are not active and exit with 127.
# Usage: find_python.sh [--no-venv]   (--no-venv: one that only runs scripts)

set -u

needs='import sys, venv, ensurepip, sqlite3, ssl'
[ "${1:-}" = --no-venv ] && needs='import sys'

usable() {
    "$1" -c "$needs
print(sys.executable if (3, 10) <= sys.version_info[:2] <= (3, 14) else '')" 2>/dev/null
}

pyenv_root=${PYENV_ROOT:-${HOME:-/nonexistent}/.pyenv}

if [ -n "${PYTHON:-}" ] && [ "$PYTHON" != python3 ]; then
    found=$(usable "$PYTHON")
    [ -n "$found" ] && echo "$found" && exit 0
    echo "error: PYTHON=$PYTHON is not a Python 3.10 to 3.14 with venv, ensurepip, sqlite3 and ssl" >&2
    exit 1
fi

for candidate in python3 python3.14 python3.13 python3.12 python3.11 python3.10 \
    "$pyenv_root"/versions/3.14*/bin/python3 "$pyenv_root"/versions/3.13*/bin/python3 \
    "$pyenv_root"/versions/3.12*/bin/python3 "$pyenv_root"/versions/3.11*/bin/python3 \
    "$pyenv_root"/versions/3.10*/bin/python3; do
    found=$(usable "$candidate")
    [ -n "$found" ] && echo "$found" && exit 0
done

echo "error: no Python 3.10 to 3.14 with venv, ensurepip, sqlite3 and ssl found; install one (on Debian also" \
    "python3-venv) or name it: make PYTHON=/path/to/python3" >&2
exit 1
