# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start Ansible's commands as forks of a process that has imported Ansible already.

Ansible's commands import for longer than many tests run, and the tests start hundreds of them. What Ansible reads on
import depends on the environment (its settings) and on files named ansible.cfg; with such a file, a command starts as
usual. There is one such process for each set of variables that could matter, made when the set is seen again. A fork
has the environment, folder, arguments and streams of its own, and anew what belongs to one run: the folder for
temporary files and the random part of ids. test_warm_starts.py compares forks with usual starts.

Three things of Ansible's that take half of what is left of a short run are done once too: it parses where its own
plugins have moved to, a file of a thousand entries; it compiles the collection, since its loader keeps no bytecode; and
it packs each module that runs as a process into an archive, with all that the module imports.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import hashlib
import importlib
import json
import os
import re
import runpy
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

#: What the commands import, some of it later; what a version of ansible-core does not have is left out.
IMPORTED = (
    "ansible.cli.doc", "ansible.cli.inventory", "ansible.cli.playbook", "ansible.executor.playbook_executor",
    "ansible.module_utils.basic", "ansible.module_utils.common.arg_spec", "ansible.plugins.action",
    "ansible.plugins.callback", "ansible.plugins.connection", "ansible.plugins.inventory", "ansible.plugins.lookup",
    "ansible.plugins.shell", "ansible.plugins.strategy", "concurrent.futures.thread", "cryptography.hazmat.backends",
    "cryptography.hazmat.primitives.padding", "jinja2.nativetypes", "jinja2.sandbox", "requests", "ssl",
    "unittest.mock", "urllib.request",
)  # fmt: skip
#: In the first line of a script, or in the second if the path has blanks or is long.
INTERPRETER = re.compile(r"""\A#!(?:/bin/sh\n'''exec' "?)?(?P<path>/.*?python[\d.]*)"?\s""")
COMMANDS = ("ansible-playbook", "ansible-inventory", "ansible-doc")
#: Variables that nothing reads on import: of the collection, of tests, and the home, on which no setting depends here.
READ_LATER = ("BALENA_", "CONTROLLER_", "HOME", "RECORD_FILE")
#: Modules whose archives are kept, as the archives' names begin: those that no test writes for itself.
PACKED_ONCE = ("ansible.modules.", "ansible_collections.awx.", "ansible_collections.community.balena.")
Variables = tuple[tuple[str, str], ...]


class Starter:
    """A process that has imported Ansible with some environment variables, and forks."""

    def __init__(self, python: str, variables: Variables) -> None:
        """Start it with an interpreter, and wait until it is ready."""
        self._line, theirs = socket.socketpair()
        self._sending = threading.Lock()
        # Python looks at its streams when it begins: they are of the same kind as those of the forks.
        read, write = os.pipe()
        with theirs:
            self._process = subprocess.Popen(
                [python, __file__, str(theirs.fileno())],
                cwd="/",
                env={**dict(variables), "HOME": "/"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=write,
                stderr=write,
            )
        os.close(write)
        if self._line.recv(1) != b"+":
            raise RuntimeError(f"Ansible cannot be imported: {_all_of(read)}")
        self._unread = read  # open, since without a reader a word of Ansible's would end the process
        atexit.register(self.close)

    def close(self) -> None:
        """End it."""
        self._line.close()
        self._process.wait()
        os.close(self._unread)

    def run(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str, str]:
        """Run a command without input; its exit status, its output and its errors."""
        asked = {"command": list(command), "folder": str(folder), "environment": dict(environment)}
        reads, writes = zip(*(os.pipe() for _stream in range(3)), strict=True)
        with tempfile.TemporaryFile() as told:
            told.write(json.dumps(asked).encode())
            told.seek(0)
            with self._sending:
                socket.send_fds(self._line, [b"+"], [told.fileno(), *writes])
        for end in writes:
            os.close(end)
        with ThreadPoolExecutor(len(reads)) as pool:
            output, errors, status = pool.map(_all_of, reads)
        return int(status), output, errors


def _all_of(end: int) -> str:
    """All that comes through a pipe, as subprocess reads text."""
    with os.fdopen(end, encoding="utf-8") as stream:
        return stream.read()


_seen: Counter[Variables] = Counter()
_starters: dict[Variables, Starter] = {}
_choosing = threading.Lock()


def starter_for(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Starter | None:
    """The process that starts a command as it would start by itself, or None."""
    if command[0] not in COMMANDS or environment.get("LANG") != "C.UTF-8":
        return None
    script = shutil.which(command[0], path=environment["PATH"])
    python = INTERPRETER.search(Path(script).read_text(encoding="utf-8")) if script else None
    if not python or (folder / "ansible.cfg").exists() or Path(environment["HOME"], ".ansible.cfg").exists():
        return None
    variables = tuple(sorted(pair for pair in environment.items() if not pair[0].startswith(READ_LATER)))
    with _choosing:
        _seen[variables] += 1
        if _seen[variables] > 1 and variables not in _starters:
            _starters[variables] = Starter(python["path"], variables)
        return _starters.get(variables)


def _serve(line: socket.socket) -> None:
    """Fork for each command that is asked for, and tell how it ended; only forks return, as what was asked for."""
    _import_all()
    wakes, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    sources: list[Any] = [line, wakes]
    running: dict[int, int] = {}
    line.send(b"+")
    while True:
        ready = select.select(sources, [], [])[0]
        if wakes in ready:
            os.read(wakes, 4096)
            for process in list(running):
                ended, status = os.waitpid(process, os.WNOHANG)
                if ended:
                    told = running.pop(process)
                    os.write(told, str(os.waitstatus_to_exitcode(status)).encode())
                    os.close(told)
        if line in ready:
            message, ends, _flags, _address = socket.recv_fds(line, 1, 4)
            if not message:
                sys.exit()
            asked, *streams, told = ends
            process = os.fork()
            if not process:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for end in (line.detach(), wakes, woken, told, *running.values()):
                    os.close(end)
                _become(asked, streams)
                return
            for end in (asked, *streams):
                os.close(end)
            running[process] = told


def _import_all() -> None:
    for name in IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    _prepare_collections(importlib.import_module("ansible.utils.collection_loader._collection_finder"))
    gc.collect()
    gc.freeze()  # so that forks share this memory


def _prepare_collections(finder: Any) -> None:
    """Let Ansible's loader of collections find parsed and compiled what it would parse and compile in each run."""
    from ansible import config

    parse = finder._meta_yml_to_dict
    own = (Path(config.__file__).parent / "ansible_builtin_runtime.yml").read_bytes()
    parsed = {own: parse(own, ("ansible.builtin", "runtime.yml"))}

    def parsed_before(text: bytes, content_id: object) -> Any:
        # Given away once in each fork: who gets it may change it.
        return parsed.pop(text) if text in parsed else parse(text, content_id)

    def compiled_before(source: bytes, filename: str, **how: Any) -> Any:
        if not Path(filename).is_file():
            return compile(source, filename, **how)  # a package without a file
        return SourceFileLoader(filename, filename).get_code(filename)

    finder._meta_yml_to_dict, finder.compile = parsed_before, compiled_before


def _become(asked: int, streams: list[int]) -> None:
    """Be as a command that has just begun."""
    with os.fdopen(asked, encoding="utf-8") as told:
        new = json.load(told)
    for number, end in enumerate(streams, 1):
        os.dup2(end, number)
        os.close(end)
    os.chdir(new["folder"])
    os.environ.clear()
    os.environ.update(new["environment"])
    time.tzset()
    sys.argv = [str(shutil.which(new["command"][0])), *new["command"][1:]]
    sys.path[0] = str(Path(sys.argv[0]).resolve().parent)
    _begin_anew()


def _begin_anew() -> None:
    """Do again what Ansible does once for each run when it is imported."""
    from ansible import constants
    from ansible.config.manager import cleanup_tmp_file
    from ansible.utils import vars as ids

    atexit.unregister(cleanup_tmp_file)
    constants.DEFAULT_LOCAL_TMP = constants.config.get_config_value("DEFAULT_LOCAL_TMP", variables=vars(constants))
    ids.random_int = f"{secrets.randbelow(2**32):08x}"
    _give_archives(Path(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache"))


def _give_archives(own: Path) -> None:
    """Give a run the archives of modules that others have made, and keep those that it makes.

    They are linked, not shared: runs at the same time would write over each other's halves.
    """
    place = f"{sys.executable}:{os.environ['ANSIBLE_COLLECTIONS_PATH']}"
    kept = Path(os.environ["ANSIBLE_HOME"], "archives", hashlib.sha256(place.encode()).hexdigest())
    for folder in (own, kept):
        folder.mkdir(parents=True, exist_ok=True)
    for archive in kept.iterdir():
        (own / archive.name).hardlink_to(archive)

    def keep() -> None:
        for archive in own.iterdir():
            if archive.name.startswith(PACKED_ONCE) and not archive.name.endswith(("-part", ".lock")):
                with contextlib.suppress(FileExistsError):
                    (kept / archive.name).hardlink_to(archive)

    atexit.register(keep)


if __name__ == "__main__":
    sys.path[0] = str(Path(sys.executable).parent)  # this file is not a command of Ansible
    _serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_path(sys.argv[0], run_name="__main__")
