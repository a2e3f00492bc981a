#!/bin/sh
# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Install what the tests need of the operating system, where it is missing: an SSH server and client, for the
# inventory's connection through balena's tunnel.

set -u
PATH=$PATH:/usr/sbin:/sbin

if command -v sshd >/dev/null && command -v ssh >/dev/null; then
    exit 0
fi
root=
[ "$(id -u)" = 0 ] || root="sudo -n"
if ! command -v apt-get >/dev/null; then
    echo "error: the tests need sshd and ssh; install openssh-server and openssh-client" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$root apt-get update -q && $root apt-get install -q -y --no-install-recommends openssh-server openssh-client
