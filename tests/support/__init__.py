# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of several folders use: tasks in this process, Ansible's commands, servers, what the repository says."""
