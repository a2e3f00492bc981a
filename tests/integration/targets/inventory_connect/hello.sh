#!/bin/sh
# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
echo "hello $1 from a script"
exit "$2"
