#!/bin/sh
# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Install what the tests need of the operating system, where it is missing: an SSH server and client, a container engine,
# and what images are made of. Together they are a device on this machine (tests/support/device). Nothing is left
# running: the tests start what they need, and end it.

set -u
PATH=$PATH:/usr/sbin:/sbin

missing=
# need FILE PACKAGE: the path matters, since the tests take Debian's programs whatever else is on the PATH.
need() {
    [ -x "$1" ] || missing="$missing $2"
}
need /usr/sbin/sshd openssh-server
need /usr/bin/ssh openssh-client
need /bin/busybox busybox-static
need /usr/sbin/debootstrap debootstrap
# Docker's own packages, which put the daemon elsewhere, do as well; Debian's cannot be installed beside them.
[ -x /usr/bin/dockerd ] || need /usr/sbin/dockerd docker.io
# A busybox that is linked with libraries would not run in a container that has none.
if [ -x /bin/busybox ] && ldd /bin/busybox >/dev/null 2>&1; then
    missing="$missing busybox-static"
fi
[ -n "$missing" ] || exit 0

root=
[ "$(id -u)" = 0 ] || root="sudo -n"
if ! command -v apt-get >/dev/null; then
    echo "error: the tests need sshd, ssh, dockerd, docker, a static busybox and debootstrap; missing:$missing" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# The services of these packages are not wanted, only their programs. Where one runs already, nothing changes.
policy=/usr/sbin/policy-rc.d
if ! [ -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null && $root chmod +x $policy
    trap '$root rm -f $policy' EXIT
fi
# shellcheck disable=SC2086 # several packages
$root apt-get update -q && $root apt-get install -q -y --no-install-recommends $missing || exit
# The client is a package of its own since Debian 13.
if ! [ -x /usr/bin/docker ]; then
    $root apt-get install -q -y --no-install-recommends docker-cli
fi
