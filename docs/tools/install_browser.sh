#!/bin/sh
# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Install Chromium, with which `make docs-check` looks at the site, where there is none.

set -u

for name in "${CHROMIUM:-chromium}" chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if ! command -v apt-get >/dev/null; then
    echo "error: the check of the site needs Chromium; install it, or name the program in CHROMIUM" >&2
    exit 1
fi
mkdir -p .cache/logs
log=.cache/logs/install-chromium.log
root=
[ "$(id -u)" = 0 ] || root="sudo -n"
export DEBIAN_FRONTEND=noninteractive
# The check needs no more fonts than one.
if ! { $root apt-get update -q && $root apt-get install -q -y --no-install-recommends chromium fonts-dejavu-core; } \
    >"$log" 2>&1; then
    echo "error: apt-get could not install chromium; see $log" >&2
    exit 1
fi
