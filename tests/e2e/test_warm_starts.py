# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command that is forked from a process that has imported Ansible is as one that started by itself."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.ansible_runs import Ansible, module_interpreter
from tests.support.warm_starts import starter_for

PROBE = """
import gc, json, locale, os, random, signal, sys, threading
from ansible import constants
from ansible.config.manager import ConfigManager
from ansible.plugins.lookup import LookupBase
from ansible.utils.vars import get_unique_id


def settings(config):
    return {name: repr(config.get_config_value(name, variables=vars(constants)))
            for name in config.get_configuration_definitions() if name != "DEFAULT_LOCAL_TMP"}


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **options):
        os.umask(mask := os.umask(0))
        seen = {
            "settings read again": settings(ConfigManager()),
            "settings": {name: repr(vars(constants).get(name)) for name in settings(constants.config)},
            "environment": dict(os.environ), "folder": os.getcwd(), "arguments": sys.argv, "umask": mask,
            "paths": sys.path, "executable": sys.executable, "flags": repr(sys.flags),
            "home": os.path.expanduser("~"), "locale": locale.setlocale(locale.LC_ALL), "encoding": sys.stdout.encoding,
            "buffering": [sys.stdout.line_buffering, sys.stderr.line_buffering], "input": sys.stdin.read(),
            "signals": {name.name: repr(signal.getsignal(name)).partition(" at ")[0] for name in signal.Signals},
            "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])), "session": os.getsid(0),
            "group": os.getpgid(0), "threads": threading.active_count(),
            "descriptors": len(os.listdir("/proc/self/fd")), "limits": open("/proc/self/limits").read(),
            "main": sys.modules["__main__"].__name__,
        }
        places = [module for name, module in sys.modules.items() if name.startswith("ansible")]
        places += [value for value in gc.get_objects() if isinstance(value, type)]
        seen["folders of other runs"] = [
            (str(place), name) for place in places for name, value in list(vars(place).items())
            if isinstance(value, str) and "/ansible-local-" in value and value != constants.DEFAULT_LOCAL_TMP
        ]
        own = {"temporary": constants.DEFAULT_LOCAL_TMP, "id": get_unique_id(), "random": random.random(),
               "process": os.getpid(), "there": os.path.isdir(constants.DEFAULT_LOCAL_TMP)}
        open(terms[0], "w").write(json.dumps([seen, own]))
        return ["localhost"]
"""


@pytest.fixture
def start(tmp_path):
    """Run commands in a folder that is the same however they start: `start(cold, "ansible-playbook", ...)`."""
    (tmp_path / "lookup_plugins").mkdir()
    (tmp_path / "lookup_plugins" / "probe.py").write_text(PROBE, encoding="utf-8")
    warm, cold = Ansible(tmp_path), Ansible(tmp_path, cold=True)
    for _time in range(2):  # the second time there is a process to fork
        starter = starter_for(["ansible-doc"], tmp_path, warm.environment)
    assert starter
    return lambda is_cold, *command, **options: (cold if is_cold else warm).run(*command, **options)


def probe(start, folder: Path, is_cold: bool, number: int = 0) -> tuple[dict, dict]:
    """What a command sees of its process, and what no other has."""
    found = folder / f"found-{number}.json"
    hosts = f"{{{{ lookup('probe', '{found}') }}}}"
    playbook = folder / f"probe-{number}.yml"
    playbook.write_text(json.dumps([{"hosts": hosts, "gather_facts": False}]), encoding="utf-8")
    start(is_cold, "ansible-playbook", "-i", "localhost,", str(playbook), env={"BALENA_TOKEN": f"token {number}"})
    seen, own = json.loads(found.read_text(encoding="utf-8"))
    # In a folder with a blank in its name, scripts of Python start through a shell, which adds these.
    for name in ("PWD", "OLDPWD", "SHLVL", "_"):
        seen["environment"].pop(name, None)
    return seen, own


def test_it_sees_the_same_of_its_process(start, tmp_path):
    (cold, _own), (warm, own) = probe(start, tmp_path, True), probe(start, tmp_path, False)
    assert warm == cold
    assert warm["settings"] == warm["settings read again"]
    assert warm["environment"]["BALENA_TOKEN"] == "token 0"
    assert own["there"] and not Path(own["temporary"]).exists()


def test_what_belongs_to_one_run_is_of_its_own(start, tmp_path):
    with ThreadPoolExecutor() as pool:
        owns = [own for _seen, own in pool.map(lambda number: probe(start, tmp_path, False, number), range(4))]
    for name in ("temporary", "id", "random", "process"):
        assert len({own[name] for own in owns}) == len(owns), name
    assert not [own for own in owns if Path(own["temporary"]).exists()]


PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - {name: Say it, ansible.builtin.debug: {msg: "Zürich 雪"}}
    - {name: Fail, ansible.builtin.fail: {msg: It fails}, when: %s}
"""
#: A task of the collection that fails before it asks a server, and one whose module has moved to a missing collection.
WRONG = "[{hosts: all, gather_facts: false, tasks: [{community.balena.balena_tag: {scope: none}}]}]"
MOVED = "[{hosts: all, gather_facts: false, tasks: [{ini_file: {path: none}}]}]"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["ansible-playbook", "-i", "hosts,", "-c", "local", "good.yml", "-v"], 0),
        (["ansible-playbook", "-i", "hosts,", "-c", "local", "bad.yml"], 2),
        (["ansible-playbook", "-i", "hosts,", "broken.yml"], 4),
        (["ansible-playbook", "-i", "hosts,", "-c", "local", "wrong.yml"], 2),
        (["ansible-playbook", "-i", "hosts,", "moved.yml"], 4),
        (["ansible-playbook", "none.yml"], 1),
        (["ansible-playbook", "--no-such-option"], 2),
        (["ansible-playbook", "--version"], 0),
        (["ansible-inventory", "-i", "hosts,", "--list"], 0),
        (["ansible-doc", "--json", "community.balena.balena_tag"], 0),
        (["ansible-doc", "community.balena.none"], None),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, list) else "",
)
def test_it_says_and_ends_the_same(start, tmp_path, command, status):
    (tmp_path / "good.yml").write_text(PLAYBOOK % "false", encoding="utf-8")
    (tmp_path / "bad.yml").write_text(PLAYBOOK % "true", encoding="utf-8")
    (tmp_path / "broken.yml").write_text("- hosts: [", encoding="utf-8")
    (tmp_path / "wrong.yml").write_text(WRONG, encoding="utf-8")
    (tmp_path / "moved.yml").write_text(MOVED, encoding="utf-8")
    cold, warm = (start(is_cold, *command, status=status) for is_cold in (True, False))
    assert warm == cold


def test_settings_of_one_folder_are_read(tmp_path):
    ansible = Ansible(tmp_path)
    (tmp_path / "ansible.cfg").write_text("[defaults]\nstdout_callback = oneline\n", encoding="utf-8")
    assert not starter_for(["ansible-playbook"], tmp_path, ansible.environment)


#: A module that tells what it imports, and a filter.
MODULE = """
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.acme.words.plugins.module_utils.word import WORD
AnsibleModule({}).exit_json(word=WORD)
"""
FILTER = "class FilterModule:\n    def filters(self):\n        return {'word': lambda text: text + %r}\n"
TELL = """
- hosts: h
  gather_facts: false
  tasks:
    - {acme.words.tell: {}, register: told}
    - ansible.builtin.debug: {msg: "{{ told.word | acme.words.word }}"}
"""


def test_what_a_collection_has_is_read_as_it_is_now(start, tmp_path):
    plugins = tmp_path / "collections" / "ansible_collections" / "acme" / "words" / "plugins"
    for name in ("modules", "module_utils", "filter"):
        (plugins / name).mkdir(parents=True)
    (plugins / "modules" / "tell.py").write_text(MODULE, encoding="utf-8")
    playbook = tmp_path / "tell.yml"
    playbook.write_text(TELL, encoding="utf-8")
    python = f"ansible_python_interpreter={module_interpreter(tmp_path)}"
    for first, second in (("one", "a"), ("two", "an"), ("one", "the")):
        (plugins / "module_utils" / "word.py").write_text(f"WORD = {first!r}\n", encoding="utf-8")
        (plugins / "filter" / "word.py").write_text(FILTER % second, encoding="utf-8")
        run = start(False, "ansible-playbook", "-i", "h,", "-c", "local", "-e", python, str(playbook))
        assert f'"msg": "{first}{second}"' in run.output
