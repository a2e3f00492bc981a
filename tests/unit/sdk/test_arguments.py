# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters have the reference's names, and values of a wrong type are refused before anything is sent."""

from __future__ import annotations

import inspect
import json
import math
from typing import Any

import pytest

from ansible_collections.community.balena.plugins.module_utils.sdk import Balena, Options
from ansible_collections.community.balena.plugins.module_utils.sdk.errors import (
    BalenaError,
    BalenaInvalidParameterError,
    BalenaUsageError,
)
from ansible_collections.community.balena.plugins.module_utils.sdk.utils import BalenaWebResourceFile
from tests.oracle.arguments import resolve, snake_case
from tests.oracle.recording import METHODS
from tests.support.local_server import Answer, LocalServer, Seen

pytestmark = pytest.mark.usefixtures("clean_environment")

#: What the methods need; what is optional is not a part of their names there.
REFERENCE = [(method, names) for method, names in METHODS["20.8.1"].items() if names]
#: Methods that set a value, with what comes before the value.
SETTERS: dict[str, tuple[Any, ...]] = {
    "application.tags": (1, "a"),
    "application.config_var": (1, "BALENA_HOST_CONFIG_a"),
    "application.env_var": (1, "A"),
    "application.build_var": (1, "A"),
    "device.tags": (1, "a"),
    "device.config_var": (1, "BALENA_HOST_CONFIG_a"),
    "device.env_var": (1, "A"),
    "device.service_var": (1, 2, "A"),
    "release.tags": (1, "a"),
    "service.var": (1, "A"),
    "organization.membership.tags": (1, "a"),
}
#: What is not a value of a tag or variable.
NO_VALUES: list[Any] = [
    {"hunter2": 1},
    {},
    ["hunter2"],
    [],
    None,
    b"hunter2",
    object(),
    {"hunter2"},
    math.nan,
    math.inf,
]
ODD: list[Any] = [*NO_VALUES, -5, 0, 1.5, True, "", "x", lambda: None, "\n"]


def shown(value: Any) -> str:
    """A value without the address of an object, which is another one in each process."""
    return repr(value)[:18]


@pytest.fixture
def server() -> Any:
    def answer(seen: Seen) -> Answer:
        rows = {"d": [{"id": 5}]}
        return Answer(body=rows if seen.method == "GET" else {"id": 7})

    with LocalServer(answer) as running:
        yield running


@pytest.fixture
def balena(server: LocalServer) -> Balena:
    return Balena(token="x", api_url=server.url, max_retries=0)


@pytest.mark.parametrize(("method", "names"), REFERENCE, ids=[method for method, _names in REFERENCE])
def test_parameters_have_the_names_of_the_reference(method: str, names: str) -> None:
    parameters = list(inspect.signature(resolve(Balena(token="x"), method)).parameters)
    wanted = [snake_case(name) for name in names.split(", ")]
    assert parameters[: len(wanted)] == wanted


def setter(balena: Balena, path: str) -> Any:
    found: Any = balena.models
    for name in path.split("."):
        found = getattr(found, name)
    return found.set


@pytest.mark.parametrize("path", SETTERS)
@pytest.mark.parametrize("value", NO_VALUES, ids=shown)
def test_what_is_no_value_is_refused_before_anything_is_sent(
    path: str, value: Any, balena: Balena, server: LocalServer
) -> None:
    with pytest.raises(BalenaInvalidParameterError, match="'value', which takes text, a number or a boolean") as caught:
        setter(balena, path)(*SETTERS[path], value)
    assert caught.value.parameter_name == "value"
    assert "hunter2" not in repr(caught.value) + repr(vars(caught.value))
    assert server.requests == []


@pytest.mark.parametrize("path", SETTERS)
@pytest.mark.parametrize(
    ("value", "stored"), [("x", "x"), ("", ""), (5, "5"), (5.0, "5"), (1.5, "1.5"), (True, "true"), (False, "false")]
)
def test_values_are_stored_as_text(path: str, value: Any, stored: str, balena: Balena, server: LocalServer) -> None:
    setter(balena, path)(*SETTERS[path], value)
    assert json.loads(server.requests[-1].body)["value"] == stored


@pytest.mark.parametrize("path", SETTERS)
def test_a_key_is_text(path: str, balena: Balena, server: LocalServer) -> None:
    *before, _key = SETTERS[path]
    with pytest.raises(BalenaInvalidParameterError, match="key', which takes text"):
        setter(balena, path)(*before, 5, "x")
    assert server.requests == []


@pytest.mark.parametrize("name", Options._fields)
@pytest.mark.parametrize("value", ODD, ids=shown)
def test_an_option_of_a_wrong_type_is_an_error_of_the_sdk(name: str, value: Any) -> None:
    try:
        Balena(token="x", **{name: value}).close()
    except BalenaError as error:
        assert name in str(error)


@pytest.mark.parametrize("token", [5, b"hunter2", ["hunter2"], True])
def test_a_token_is_text(token: Any) -> None:
    with pytest.raises(BalenaInvalidParameterError, match="'token', which takes text") as caught:
        Balena(token=token)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("value", [b"hunter2", {1}, object(), math.nan, [b"hunter2"]], ids=shown)
def test_a_field_that_has_no_form_in_json_is_named(value: Any, balena: Balena, server: LocalServer) -> None:
    with pytest.raises(BalenaUsageError, match="'logo_image' is") as caught:
        balena.models.organization.create(name="acme", logo_image=value)
    assert "hunter2" not in str(caught.value)
    assert server.requests == []


def test_a_file_may_be_sent(balena: Balena, server: LocalServer) -> None:
    balena.models.organization.create(name="acme", logo_image=BalenaWebResourceFile(b"...", "logo.png"))
    assert len(server.requests) == 1


@pytest.mark.parametrize(("content", "name"), [("text", "a.png"), (None, "a.png"), (b"x", None), (b"x", b"a.png")])
def test_a_file_is_bytes_with_a_name(content: Any, name: Any) -> None:
    with pytest.raises(BalenaInvalidParameterError):
        BalenaWebResourceFile(content, name)


@pytest.mark.parametrize(
    ("call", "parameter", "takes"),
    [
        (lambda b: b.models.device.rename(1, 5), "new_name", "text"),
        (lambda b: b.models.device.get(1, "id"), "options", "a dict or None"),
        (lambda b: b.models.application.create(name=1, device_type="x", organization=1), "name", "text"),
        (lambda b: b.models.release.set_is_invalidated(1, "yes"), "is_invalidated", "a boolean"),
        (lambda b: b.models.os.get_all_os_versions([5]), "device_types", "text or a list"),
        (lambda b: b.models.device.set_custom_location(1, latitude=None, longitude=1), "latitude", "a number or text"),
        (lambda b: b.auth.login_with_token(5), "auth_token", "text"),
        (lambda b: b.auth.two_factor.verify(None), "code", "text"),
        (lambda b: b.settings.get(5), "key", "text"),
        (lambda b: b.pine.get(5), "resource", "text"),
        (lambda b: b.request.send(url="/x", headers="x"), "headers", "a dict or None"),
        (lambda b: b.map_parallel(5, [1, 2]), "function", "a function"),
    ],
)  # fmt: skip
def test_the_error_names_the_parameter_and_says_what_it_takes(
    call: Any, parameter: str, takes: str, balena: Balena, server: LocalServer
) -> None:
    with pytest.raises(BalenaInvalidParameterError) as caught:
        call(balena)
    assert f"value for parameter '{parameter}', which takes {takes}" in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize("name", ["uuid_or_id", "uuidOrId"])
def test_the_name_of_a_parameter_in_an_error_is_pythons(name: str, balena: Balena) -> None:
    with pytest.raises(BalenaInvalidParameterError, match="'uuid_or_id'") as caught:
        balena.models.device.get("")
    assert caught.value.parameter_name == "uuid_or_id"


@pytest.mark.parametrize("value", [b"hunter2", {"hunter2": 1}, ["hunter2"], object()], ids=shown)
def test_beside_a_file_only_plain_values_are_sent(value: Any, balena: Balena, server: LocalServer) -> None:
    logo = BalenaWebResourceFile(b"...", "logo.png")
    with pytest.raises(BalenaUsageError, match="'handle' is") as caught:
        balena.models.organization.create(name="acme", logo_image=logo, handle=value)
    assert "hunter2" not in str(caught.value)
    assert server.requests == []
