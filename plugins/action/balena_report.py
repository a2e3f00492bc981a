# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what the module balena_report says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.engine.kinds import printable
from ..module_utils.engine.plan import DeclarationError
from ..module_utils.engine.plan_file import write_whole
from ..module_utils.sdk.configuration import Options
from ..modules import balena_report
from ..plugin_utils.plain import plain
from ..plugin_utils.reports import writing

display = Display()
_GROUP = "group/community.balena.balena"


class ActionModule(ActionBase):
    """balena_report."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = True
    _supports_async = True  # so that run() can refuse it with a sentence of its own

    module = balena_report

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Validate the options and write the files."""
        result = super().run(tmp, task_vars)
        if self._task.async_val:
            return {**result, "failed": True, "msg": "balena_report does not support async, and takes no time"}
        checked, wrong = self.module.OPTIONS.validate(plain(self._task.args), self.module.__name__)
        try:
            if wrong:
                raise DeclarationError(wrong)
            return {**result, **_account(self._task.args), **self._write(checked.validated_parameters)}
        except DeclarationError as error:
            told = {"failed": True, "changed": False, "msg": str(error)}
            return {**result, **_account(self._task.args), **told}

    def _write(self, params: Mapping[str, Any]) -> dict[str, Any]:
        kind, data = params["kind"], writing.checked(params["kind"], params["data"])
        names = {str(one.get("uuid")): str(one["name"]) for one in params["known_devices"] if one.get("name")}
        made = writing.report_of(
            kind, data, names=names, title=params["title"], dashboard=self._dashboard(params["dashboard"])
        )
        texts = {path: writing.written(made, data, form) for path, form in self._files(params).items()}
        changed = [path for path, text in texts.items() if not _has(path, text)]
        if not self._task.check_mode:
            for path in changed:
                write_whole(str(path), texts[path].encode("utf-8", "surrogatepass"), "to", mode=0o644)
        for line in writing.shown(kind, data) if params["show"] else ():
            display.display(printable(line))
        told = {"changed": bool(changed), "files": [str(path) for path in texts], "lines": writing.summary(kind, data)}
        return {**told, "failed": True, "msg": params["fail_msg"]} if params["fail_msg"] else told

    def _files(self, params: Mapping[str, Any]) -> dict[Path, str]:
        """The forms of the files, by their paths.

        :raises DeclarationError: a name does not say the form, or is that of a folder.
        """
        found: dict[Path, str] = {}
        for name in filter(None, params["to"]):
            path, form = Path(self._loader.get_basedir(), name).expanduser(), writing.form_of(name, params["format"])
            if form is None:
                raise DeclarationError(f"to: the name {name} ends with none of .html, .md and .json; say format")
            if path.is_dir():
                raise DeclarationError(f"to: {path} is a folder. Say which file is meant")
            found[path] = form
        return found

    def _dashboard(self, said: str | None) -> str:
        """The root of the dashboard; empty if there is none.

        :raises DeclarationError: what is said is not an address.
        """
        if said == "none":
            return ""
        if said is not None:
            if urlsplit(said).scheme not in ("https", "http") or not urlsplit(said).hostname:
                raise DeclarationError(f"dashboard: '{said}' is not an address that begins with https:// or http://")
            return said
        api = urlsplit(self._api_url())
        # A server whose API is not at "api." has its dashboard, if it has one, nobody knows where.
        host = api.netloc.rpartition("@")[2]
        return Options(api_url=f"{api.scheme}://{host}").dashboard_root if host.startswith("api.") else ""

    def _api_url(self) -> str:
        """The API of the other tasks of the play, as far as they do not say it themselves."""
        for defaults in reversed(self._task.module_defaults or []):
            url = (self._templar.template(defaults) or {}).get(_GROUP, {}).get("api_url")
            if url:
                return str(url)
        return os.environ.get("BALENA_API_URL") or "https://api.balena-cloud.com/"


def _account(args: Mapping[str, Any]) -> dict[str, Any]:
    """The account that the report is of, also where it could not be written: what is registered is that, and more."""
    data = args.get("data")
    return dict(data) if args.get("kind") != "drift" and isinstance(data, Mapping) else {}


def _has(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8", errors="surrogatepass") == text
    except (OSError, ValueError):
        return False
