# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our SDK against the recordings, and the replay against calls that are recorded wrongly on purpose."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .odata_equal import same_option, same_path
from .recording import DOCUMENTED, METHODS, Call, from_markers
from .replay import main, recordings
from .report import Report
from .run import Runner, local_files

FILES = recordings("20.8.1")
#: How large a part of the calls may differ on purpose. Much of what version 20 does works no more.
MAY_DEVIATE = {"20.8.1": 0.2, "23.2.15": 0.02}


@pytest.fixture
def runner() -> Iterator[Runner]:
    with Runner() as running:
        yield running


@pytest.mark.parametrize("version", MAY_DEVIATE)
def test_recorded_calls(version: str, runner: Runner, count_replayed: Callable[..., None]) -> None:
    report = Report(existing=[])
    for path in recordings(version):
        for call in runner.calls(path):
            report.add(call, runner.replay(call))
    passed, deviating, failed = (report.total(kind) for kind in ("passed", "deviating", "failed"))
    count_replayed(f"SDK calls of {version}", passed, deviating, failed)
    assert report.bad() == []
    assert report.total("missing") == 0
    assert deviating < MAY_DEVIATE[version] * (passed + deviating)


def test_every_documented_method_exists(runner: Runner) -> None:
    assert {version: len(methods) for version, methods in METHODS.items()} == {"20.8.1": 251, "23.2.15": 267}
    assert runner.documented_methods_that_exist() == DOCUMENTED


def a_call(runner: Runner, file: str, name: str) -> Call:
    path = next(path for path in FILES if path.name == f"{file}.jsonl.gz")
    return next(call for call in runner.calls(path) if call.name == name)


def set_tag(runner: Runner) -> Call:
    """A call that reads, tries to create and then changes."""
    wanted = "models.device.tags.set | exists via string parent: POST 409 unique -> PATCH"
    return a_call(runner, "models.device", wanted)


def _changed_body(call: Call) -> None:
    call.requests[-1]["body"]["value"] = "another"


def _changed_filter(call: Call) -> None:
    call.requests[-1]["query"]["$filter"] = "(device eq 2001) and (tag_key eq 'OTHER')"


def _changed_path(call: Call) -> None:
    call.requests[1]["path"] = "/v7/release_tag"


def _changed_method(call: Call) -> None:
    call.requests[-1]["method"] = "PUT"


def _changed_origin(call: Call) -> None:
    call.requests[1]["origin"] = "https://api.example.com"


def _without_token(call: Call) -> None:
    del call.requests[1]["headers"]["Authorization"]


def _without_client(call: Call) -> None:
    del call.requests[1]["headers"]["X-Balena-Client"]


def _one_more_write(call: Call) -> None:
    call.requests.append({**copy.deepcopy(call.requests[-1]), "seq": 99, "method": "DELETE", "body": None})


def _one_write_less(call: Call) -> None:
    del call.requests[-1]


def _other_order(call: Call) -> None:
    call.requests[1]["seq"], call.requests[2]["seq"] = 3, 2


def _other_time_out(call: Call) -> None:
    call.requests[1]["timeoutMs"] = 1234


def _other_result(call: Call) -> None:
    call.result = {"kind": "value", "value": "OK"}


def _an_error(call: Call) -> None:
    error = {"name": "BalenaDeviceNotFound", "isBalenaError": True, "message": "Device not found: x", "code": ""}
    call.result = {"kind": "error", "error": error}


TAMPERED = [
    _changed_body,
    _changed_filter,
    _changed_path,
    _changed_method,
    _changed_origin,
    _without_token,
    _without_client,
    _one_more_write,
    _one_write_less,
    _other_order,
    _other_time_out,
    _other_result,
    _an_error,
]


@pytest.mark.parametrize("tamper", TAMPERED)
def test_the_replay_notices(tamper: Callable[[Call], None], runner: Runner) -> None:
    call = set_tag(runner)
    assert runner.replay(call).kind == "passed"
    tamper(call)
    assert runner.replay(call).kind == "failed"


@pytest.mark.parametrize("field", ["name", "message", "props"])
def test_the_replay_notices_another_error(field: str, runner: Runner) -> None:
    call = a_call(runner, "models.device", "models.device.getName | not found: id")
    assert runner.replay(call).kind == "passed"
    call.result["error"][field] = {"device": "other"} if field == "props" else "Other"
    assert runner.replay(call).kind == "failed"


def test_reads_may_be_fewer_but_not_more(runner: Runner) -> None:
    call = set_tag(runner)
    call.requests.insert(0, {**copy.deepcopy(call.requests[0]), "seq": 0, "path": "/v7/device(1)"})
    assert runner.replay(call).kind == "passed"
    del call.requests[1]
    assert runner.replay(call).kind == "failed"


SAME = [
    ("$filter", "(a eq 1) and (b eq 2)", "(b eq 2) and (a eq 1)"),
    ("$filter", "x/any(d:(d/a eq 'x) and (y') or (d/b eq 2))", "x/any(d:(d/b eq 2) or (d/a eq 'x) and (y'))"),
    ("$filter", "((a eq 1) and (b eq 2)) and (c in (1, 2))", "a eq 1 and b eq 2 and c in (1,2)"),
    (
        "$filter",
        "((a eq 1) or (b eq 2)) and (not(x/any(d:d/a eq 1)))",
        "(a eq 1 or b eq 2) and not(x/any(d:(d/a eq 1)))",
    ),
    ("$expand", "a($select=id;$filter=(a eq 1) and (b eq 2)),b", "b,a($filter=(b eq 2) and (a eq 1);$select=id)"),
]
DIFFERENT = [
    ("$filter", "(a eq 1) and (b eq 2)", "(a eq 1) or (b eq 2)"),
    ("$filter", "((a eq 1) or (b eq 2)) and (c eq 3)", "(a eq 1) or ((b eq 2) and (c eq 3))"),
    ("$filter", "(a eq 1 or b eq 2) and c eq 3", "a eq 1 or b eq 2 and c eq 3"),
    ("$filter", "a eq 'x and y'", "a eq 'y and x'"),
    ("$filter", "a in ('x,y')", "a in ('x','y')"),
    ("$filter", "a in (1, 2)", "a in (2, 1)"),
    ("$filter", "a lt b", "b lt a"),
    ("$select", "a,b", "b,a"),
    ("$orderby", "a asc,b asc", "b asc,a asc"),
    ("$expand", "a($expand=b),c", "a($expand=b,c)"),
]


@pytest.mark.parametrize(("option", "one", "other"), SAME)
def test_what_means_the_same_is_the_same(option: str, one: str, other: str) -> None:
    assert same_option(option, one, other)


@pytest.mark.parametrize(("option", "one", "other"), DIFFERENT)
def test_what_means_something_else_is_different(option: str, one: str, other: str) -> None:
    assert not same_option(option, one, other)


def test_the_parts_of_a_key_may_come_in_any_order() -> None:
    assert same_path("/v7/x(a=1,b='c,d')", "/v7/x(b='c,d',a=1)")
    assert not same_path("/v7/x(a=1,b=2)", "/v7/x(a=2,b=1)")


def test_the_script_prints_totals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(FILES[-1])]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[-2] == f"{len(DOCUMENTED)} of {len(DOCUMENTED)} documented methods exist"
    assert printed[-1].startswith("15 passed, 2 deviating (declared), 0 failed")


def with_file(recorded: dict[str, Any], reset: bool = False) -> Call:
    """A call that sends a file as recent recordings show it: by length and checksum."""
    args = {
        "name": "x",
        "logo_image": {"$file": {"name": "logo.png", "type": "image/png", "size": 9, "repeat": "ab\n"}},
    }
    answer: dict[str, Any] = {"status": 201, "headers": {"Content-Type": "application/json"}, "body": {"id": 1}}
    request = {
        "seq": 1, "method": "POST", "origin": "https://api.balena-cloud.com", "path": "/v7/organization", "query": None,
        "headers": {"Content-Type": "multipart/form-data", "X-Balena-Client": "balena-sdk/23.2.15"}, "body": recorded,
        "response": {"connectionReset": True} if reset else answer,
    }  # fmt: skip
    error = {"name": "TypeError", "isBalenaError": False, "message": "fetch failed"}
    return Call(
        "models.organization.create", "x", True, "", [from_markers(args)], [request],
        {"kind": "error", "error": error} if reset else {"kind": "value", "value": {"id": 1}}, {}, [],
    )  # fmt: skip


def parts(content: bytes) -> dict[str, Any]:
    sent = {"length": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    name = {"headers": ['Content-Disposition: form-data; name="name"'], "text": "x"}
    logo = ['Content-Disposition: form-data; name="logo_image"; filename="logo.png"', "Content-Type: image/png"]
    return {"$multipartParts": [name, {"headers": logo, **sent}]}


def test_large_parts_are_compared_by_checksum(runner: Runner) -> None:
    assert runner.replay(with_file(parts(b"ab\nab\nab\n"))).kind == "passed"
    assert runner.replay(with_file(parts(b"ab\nab\nabX"))).kind == "failed"
    assert runner.replay(with_file(parts(b"ab\nab\nab"))).kind == "failed"


def test_a_connection_that_is_reset_is_an_error_of_the_sdk(runner: Runner) -> None:
    assert runner.replay(with_file(parts(b"ab\nab\nab\n"), reset=True)).kind == "passed"


def test_paths_are_those_of_files_on_this_disk(tmp_path: Path) -> None:
    def placed(name: str, **about: Any) -> Path:
        return Path(local_files([from_markers({"$filePath": {"path": f"{tmp_path}/new/{name}", **about}})])[0])

    assert placed("a", text="x").read_bytes() == b"x"
    assert placed("b", repeat="xyz", size=7).read_bytes() == b"xyzxyzx"
    assert not placed("a", missing=True).exists()
    assert placed("b", directory=True).is_dir()


def test_deviations_are_declared_by_class(runner: Runner) -> None:
    report = Report(existing=[])
    call = set_tag(runner)
    declared = {"call": "*.set | *", "differs": "^raised A", "reference": "20.8.1", "reason": "so"}
    report._declared = [declared]
    assert report.declaration(call, ["raised A: x"]) == declared
    assert report.declaration(call, ["raised A: x", "raised B: x"]) is None
    call.reference = "23.2.15"
    assert report.declaration(call, ["raised A: x"]) is None
    assert report.unused() == []
