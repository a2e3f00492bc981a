#!/bin/sh
# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Make the virtual environment VENV if it does not work yet, and install the requirements FILEs into it.
# Usage: install.sh VENV STAMP FILE...     (STAMP is touched at success; pip's output goes to .cache/logs)
# Further pip arguments, such as a pinned ansible-core, come from $PIP_MORE.

set -u

venv=$1
stamp=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p .cache/logs "$(dirname "$stamp")"
log=.cache/logs/install-$(basename "$venv" | tr -d .)-$(basename "$stamp" | tr -d .).log

echo "installing $* into $venv (what pip says goes to $log)" >&2

if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    python=$("$here/find_python.sh") || exit 1
    rm -rf "$venv"
    if ! "$python" -m venv "$venv" >"$log" 2>&1; then
        echo "error: $python cannot make a virtual environment; see $log" >&2
        exit 1
    fi
fi

arguments=
for file in "$@"; do arguments="$arguments -r $file"; done
# The names of requirements files hold no blanks, and PIP_MORE is a list of words.
# shellcheck disable=SC2086
if ! PIP_RETRIES="${PIP_RETRIES:-2}" PIP_DISABLE_PIP_VERSION_CHECK=1 \
    "$venv/bin/python" -m pip install $arguments ${PIP_MORE:-} >"$log" 2>&1; then
    if grep -qiE 'connection|name resolution|timed out|unreachable|from versions: none' "$log"; then
        echo "error: no Python package index can be reached (is there a network?) to install $*; see $log" >&2
    else
        echo "error: pip could not install $*; see $log" >&2
    fi
    exit 1
fi
touch "$stamp"
