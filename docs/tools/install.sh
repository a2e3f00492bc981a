#!/bin/sh
# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Install a program for the documentation where there is none: install.sh graphviz draws its pictures, install.sh browser
# looks at the site.

set -u

case ${1:-} in
graphviz) names=dot packages=graphviz ;;
# The check needs no more fonts than one.
browser) names="${CHROMIUM:-chromium} chromium chromium-browser google-chrome" packages="chromium fonts-dejavu-core" ;;
*)
    echo "usage: install.sh graphviz|browser" >&2
    exit 2
    ;;
esac
for name in $names; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if ! command -v apt-get >/dev/null; then
    echo "error: the documentation needs $packages; install it (a browser may also be named in CHROMIUM)" >&2
    exit 1
fi
mkdir -p .cache/logs
log=.cache/logs/install-$1.log
root=
[ "$(id -u)" = 0 ] || root="sudo -n"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # several packages
if ! { $root apt-get update -q && $root apt-get install -q -y --no-install-recommends $packages; } >"$log" 2>&1; then
    echo "error: apt-get could not install $packages; see $log" >&2
    exit 1
fi
