# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ssh, the tunnel and the engine say, as sentences with what to do."""

from __future__ import annotations

import pytest

from ansible_collections.community.balena.plugins.plugin_utils.reach.failures import of_engine, of_ssh, of_tunnel
from ansible_collections.community.balena.plugins.plugin_utils.reach.opening import Attempts, Unreached

SSH = [
    ("root@x.balena: Permission denied (publickey).", "balena_ssh_key", False),
    ("@  WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!  @\nHost key verification failed.", "ssh-keygen -R x.balena",
     False),
    ("No ED25519 host key is known for x.balena and you have requested strict checking.\nHost key verification failed.",
     "accept-new", False),
    ("kex_exchange_identification: read: Connection reset by peer", "too many arrive", True),
    ("kex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535",
     "too many arrive", True),
    ("Connection timed out during banner exchange", "did not answer in time", False),
    ("ssh: connect to host 192.0.2.1 port 22222: Connection refused", "ansible_host", False),
    ("ssh: connect to host 192.0.2.1 port 22222: No route to host", "ansible_host", False),
    ("ssh: Could not resolve hostname sign: Name or service not known", "ansible_host", False),
    ("unix_listener: path \"/a\" too long for Unix domain socket", "control_path_dir", False),
    ("debug1: kex_exchange_identification: chatter\nsomething new\x1b[2J", "something new\\x1b[2J", False),
]  # fmt: skip
ENGINE = [
    ("Error: No such container: 1a2b", "cannot run commands at the moment", True),
    ("Error response from daemon: Container 1a is restarting, wait until", "cannot run commands at the moment", True),
    ("Error response from daemon: Container 1a is paused, unpause", "cannot run commands at the moment", True),
    ("Cannot connect to the balenaEngine daemon at unix:///var/run/balena-engine.sock.", "engine of the device is not",
     True),
    ("unable to find user mira: no matching entries in passwd file", "ansible_user", False),
    ('OCI runtime exec failed: exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown', "/bin/sh", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "passes"), SSH)
def test_ssh(text, expected, passes):
    failure = of_ssh(text.encode(), "x.balena")
    assert expected in failure.sentence
    assert bool(failure.patience) == passes


@pytest.mark.parametrize(("text", "expected", "passes"), ENGINE)
def test_engine(text, expected, passes):
    failure = of_engine(text.encode(), "web")
    assert failure.sentence.startswith("service 'web'")
    assert expected in failure.sentence
    assert bool(failure.patience) == passes


@pytest.mark.parametrize(
    ("status", "expected", "passes"),
    [
        ("407", "gives no access to this device", False), ("401", "expired", False), ("403", "balena_uuid", False),
        ("503", "offline", False), ("no token", "BALENA_TOKEN", False), ("", "balena_tunnel_address", True),
        ("502", "balena_tunnel_address", True), ("404", "balena_tunnel_address", False),
    ],
)  # fmt: skip
def test_tunnel(status, expected, passes):
    failure = of_tunnel(status, "cannot reach tunnel.example.com:443: refused")
    assert expected in failure.sentence
    assert bool(failure.patience) == passes


def test_attempts_end():
    lasting, passing = of_tunnel("503", ""), of_tunnel("502", "")
    assert Attempts(60, 0).pause_after(Unreached(lasting)) is None
    assert Attempts(60, 0).pause_after(Unreached(passing)) is not None
    assert Attempts(0, 0).pause_after(Unreached(passing)) is None
    assert Attempts(60, 9).pause_after(Unreached(passing, is_final=True)) is None
    twice = Attempts(60, 2)
    assert [twice.pause_after(Unreached(lasting)) is None for _attempt in range(3)] == [False, False, True]
