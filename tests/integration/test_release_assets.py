# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of releases as balena_release declares them and balena_release_info reads them."""

from __future__ import annotations

import hashlib

import pytest
import requests

from emulator import Emulator
from tests.support.tasks import run_task

MEBIBYTE = 1024 * 1024
RELEASES = [{"version": "1.0.0"}, {"version": "1.1.0", "final": False}]
SEED = {"applications": [{"name": "kiosk", "organization": "acme", "releases": RELEASES}]}


@pytest.fixture
def kiosk(emulator):
    emulator.seed(SEED)
    return emulator


def declare(server, assets, **options):
    return run_task(
        server, "balena_release", **{"application": "acme/kiosk", "release": "1.0.0", "assets": assets, **options}
    )


def stored(server, name="1.0.0"):
    """What can be downloaded, by key."""
    options = {"application": "acme/kiosk", "release": name, "assets": True}
    (release,) = run_task(server, "balena_release_info", **options)["releases"]
    return {
        key: requests.get(asset["url"], timeout=10).content if asset["url"] else None
        for key, asset in release["assets"].items()
    }


def uploads(server):
    """How often a file, or a part of one, was sent."""
    return sum(
        request.method == "PUT" or "multipart/form-data" in request.headers.get("Content-Type", "")
        for request in server.requests()
    )


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


CONTENTS = {
    "small": b"hello",
    "empty": b"",
    "as large as fits into one request": b"a" * 5 * MEBIBYTE,
    "in two parts": b"b" * 5 * MEBIBYTE + b"c",
    "in three parts": bytes(range(256)) * 44 * 1024,
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_file_is_uploaded_once(kiosk, tmp_path, content):
    path = write(tmp_path / "data.bin", content)
    predicted = declare(kiosk, {"data": path}, check_mode=True)
    assert predicted["changed"] and kiosk.writes() == []
    done = declare(kiosk, {"data": path})
    assert not done.get("failed"), done
    assert done["diff"] == predicted["diff"] and done["release"] == predicted["release"]
    assert done["release"]["assets"] == {
        "data": {"filename": "data.bin", "size": len(content), "content_type": "application/octet-stream"}
    }
    assert stored(kiosk) == {"data": content}
    kiosk.clear_requests()
    again = declare(kiosk, {"data": path})
    assert not again["changed"] and kiosk.writes() == []
    assert again["release"] == done["release"]


OTHERS = {
    "another size": b"hello!",
    "other bytes at the end": b"hellO",
    "nothing": b"",
    "much more": b"x" * 6 * MEBIBYTE,
}


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_another_content_replaces_the_file(kiosk, tmp_path, content):
    declare(kiosk, {"data": write(tmp_path / "old.txt", "hello")})
    path = write(tmp_path / "new.txt", content)
    predicted = declare(kiosk, {"data": path}, check_mode=True)
    done = declare(kiosk, {"data": path})
    assert done["changes"] == {"create": 0, "update": 1, "delete": 0}
    assert done["diff"] == predicted["diff"] and done["release"] == predicted["release"]
    (after,) = done["diff"]["after"]["release_asset"].values()
    assert after == {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert done["release"]["assets"]["data"]["filename"] == "new.txt"
    assert stored(kiosk) == {"data": content}


@pytest.mark.parametrize("mark", ["", '"0123456789abcdef0123456789abcdef"', 'W/"opaque"', '"cafe-2"'])
@pytest.mark.parametrize("size", [5, 7 * MEBIBYTE])
def test_where_the_storage_tells_no_checksum_the_contents_are_compared(kiosk, tmp_path, mark, size):
    path = tmp_path / "data"
    declare(kiosk, {"data": write(path, b"a" * size)})
    marks = kiosk.store.files.marks
    marks.update(dict.fromkeys(marks, mark))
    assert not declare(kiosk, {"data": str(path)})["changed"]
    write(path, b"a" * (size - 1) + b"b")
    assert declare(kiosk, {"data": str(path)}, check_mode=True)["changed"]


def test_an_equal_file_is_not_read_where_the_storage_tells_its_checksum(kiosk, tmp_path):
    path = write(tmp_path / "data", b"a" * 12 * MEBIBYTE)
    declare(kiosk, {"data": path})
    contents = kiosk.store.files.contents
    contents.update(dict.fromkeys(contents, b"b" * 12 * MEBIBYTE))  # what is read now would be another content
    assert not declare(kiosk, {"data": path})["changed"]


def test_null_and_purge_remove(kiosk, tmp_path):
    path = write(tmp_path / "f", "x")
    declare(kiosk, {"a": path, "b": path, "c": path})
    done = declare(kiosk, {"a": None})
    assert done["changes"] == {"create": 0, "update": 0, "delete": 1} and set(stored(kiosk)) == {"b", "c"}
    assert not declare(kiosk, {"a": None})["changed"]
    done = declare(kiosk, {"b": path}, purge_assets=True)
    assert set(done["release"]["assets"]) == set(stored(kiosk)) == {"b"}
    assert not declare(kiosk, {"b": path}, purge_assets=True)["changed"]
    assert declare(kiosk, {}, purge_assets=True)["changes"]["delete"] == 1


def test_what_says_nothing_of_assets_leaves_them_and_does_not_read_them(kiosk, tmp_path):
    declare(kiosk, {"a": write(tmp_path / "f", "x")})
    kiosk.clear_requests()
    done = run_task(kiosk, "balena_release", application="acme/kiosk", release="1.0.0", note="x", purge_assets=True)
    assert "assets" not in done["release"]
    assert not any("release_asset" in str(request.query) for request in kiosk.requests())
    assert set(stored(kiosk)) == {"a"}


def test_an_upload_that_broke_off_is_made_again(kiosk, tmp_path):
    path = write(tmp_path / "big", b"a" * 11 * MEBIBYTE)
    kiosk.faults.add(method="PUT", query="partNumber=2", status=403, body_text="<Error>AccessDenied</Error>")
    broken = declare(kiosk, {"big": path, "small": write(tmp_path / "small", "s")})
    assert broken["failed"]
    assert "Signature" not in str(broken)
    assert stored(kiosk)["big"] is None
    kiosk.faults.clear()
    done = declare(kiosk, {"big": path, "small": str(tmp_path / "small")})
    assert not done.get("failed"), done
    assert stored(kiosk) == {"big": b"a" * 11 * MEBIBYTE, "small": b"s"}


def test_a_draft_becomes_final_only_with_its_files(kiosk, tmp_path):
    (draft,) = run_task(kiosk, "balena_release_info", application="acme/kiosk", final=False)["releases"]
    options = {"release": draft["version"], "final": True}
    path = write(tmp_path / "big", b"a" * 6 * MEBIBYTE)
    kiosk.faults.add(path="commitUpload", status=500, body_text="no")
    assert declare(kiosk, {"big": path}, **options)["failed"]
    assert run_task(kiosk, "balena_release_info", application="acme/kiosk", final=False)["releases"] == [draft]
    kiosk.faults.clear()
    done = declare(kiosk, {"big": path}, **options)
    assert not done.get("failed"), done
    assert done["release"]["final"]
    upload, final = (
        [n for n, seen in enumerate(kiosk.writes()) if word in f"{seen.path} {seen.body}"][-1]
        for word in ("commitUpload", "is_final")
    )
    assert upload < final


def test_progress_of_large_uploads_is_shown(kiosk, tmp_path):
    lines: list[str] = []
    assets = {"big": write(tmp_path / "big", b"a" * 21 * MEBIBYTE), "small": write(tmp_path / "small", "x")}
    assert not declare(kiosk, assets, progress=lines.append).get("failed")
    assert lines[-1] == "asset big: 100 % of 21 MiB uploaded"
    assert len(lines) > 2 and not any("small" in line for line in lines)


WRONG = {
    "no such file": ({"a": "/does/not/exist"}, "assets.a: /does/not/exist cannot be read: No such file or directory"),
    "a folder": ({"a": "/tmp"}, "assets.a: /tmp is not a file"),
    "a list": ({"a": ["/tmp"]}, "assets.a must be the path of a file, not a list"),
    "a number": ({"a": 5}, "assets.a must be the path of a file, not a whole number"),
    "empty text": ({"a": ""}, "assets.a must be the path of a file"),
    "one key twice": ({"1": "/etc/hostname", 1: "/etc/hostname"}, "assets: declared twice: 1, 1"),
    "no key": ({"": "/etc/hostname"}, "the key of an asset has 1 to 255 characters"),
    "a long key": ({"k" * 256: "/etc/hostname"}, "the key of an asset has 1 to 255 characters, not 256"),
}


@pytest.mark.parametrize(("assets", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_refused_before_anything_is_asked(kiosk, assets, message):
    kiosk.clear_requests()
    refused = declare(kiosk, assets)
    assert refused["failed"] and message in refused["msg"]
    assert kiosk.requests() == []


def test_a_release_that_is_built_gets_its_files(tmp_path):
    path = write(tmp_path / "manual.txt", "read me")
    build = {"release": None, "source_url": "https://example.com/a.zip"}
    with Emulator(seed=SEED, rate=0, flavor="cloud") as cloud:
        predicted = declare(cloud, {"manual": path}, check_mode=True, **build)
        built = declare(cloud, {"manual": path}, **build)
        assert not built.get("failed"), built
        assert built["diff"] == predicted["diff"]
        assert built["release"]["assets"] == predicted["release"]["assets"] != {}
        assert stored(cloud, built["release"]["commit"]) == {"manual": b"read me"}


def test_balena_cloud_has_assets_too(tmp_path):
    path = write(tmp_path / "manual.txt", "read me")
    with Emulator(seed=SEED, rate=0, flavor="cloud") as cloud:
        assert declare(cloud, {"manual": path})["changed"]
        assert not declare(cloud, {"manual": path})["changed"]
        assert stored(cloud) == {"manual": b"read me"}
