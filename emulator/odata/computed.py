# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL of the fields that are not stored but computed from others."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from ..store.database import tables

Sql = sa.ColumnElement[Any]
Columns = Any  # the columns of a table's alias
text = sa.literal_column


def _case(*whens: tuple[Sql, Any], otherwise: Any) -> Sql:
    return sa.case(*whens, else_=otherwise)


def should_be_running(device: Columns) -> Sql:
    """The release that a device is pinned on, or else its fleet's target."""
    app = tables()["application"].alias()
    target = sa.select(app.c.should_be_running__release).where(app.c.id == device.belongs_to__application)
    return sa.func.coalesce(device.is_pinned_on__release, target.correlate_except(app).scalar_subquery())


def _post_provisioning(device: Columns) -> Sql:
    is_past: Sql = device.provisioning_state.is_not_distinct_from(text("'Post-Provisioning'"))
    return is_past


def _never_seen(device: Columns) -> Sql:
    return sa.and_(
        device.is_connected_to_vpn == text("0"),
        device.last_connectivity_event.is_(None),
        device.api_heartbeat_state == text("'unknown'"),
    )


def _offline(device: Columns) -> Sql:
    silent = device.api_heartbeat_state.in_([text("'offline'"), text("'unknown'")])
    return sa.and_(device.is_connected_to_vpn == text("0"), silent)


def _downloads_itself(device: Columns) -> Sql:
    return sa.and_(device.download_progress.is_not(None), device.status.is_not_distinct_from(text("'Downloading'")))


def _downloads_images(device: Columns) -> Sql:
    install = tables()["image_install"].alias()
    rows = sa.select(install.c.id).where(
        install.c.device == device.id,
        install.c.download_progress.is_not(None),
        install.c.status == text("'Downloading'"),
    )
    return sa.exists(rows.correlate_except(install))


def _vpn_wanted(device: Columns) -> Sql:
    """Whether neither the device's nor the fleet's configuration switches the VPN off."""
    names: list[Sql] = [text("'BALENA_SUPERVISOR_VPN_CONTROL'"), text("'RESIN_SUPERVISOR_VPN_CONTROL'")]

    def setting(table: str, owner: str, value: Sql) -> Sql:
        var = tables()[table].alias()
        found = sa.select(var.c.value).where(var.c[owner] == value, var.c.name.in_(names)).order_by(var.c.name)
        return found.limit(text("1")).correlate_except(var).scalar_subquery()

    own = setting("device_config_variable", "device", device.id)
    fleet = setting("application_config_variable", "application", device.belongs_to__application)
    return sa.func.coalesce(own, fleet, text("'not set'")) != text("'false'")


def _half_connected(device: Columns) -> Sql:
    state, vpn = device.api_heartbeat_state, device.is_connected_to_vpn == text("1")
    return sa.or_(
        state == text("'timeout'"),
        sa.and_(vpn, state != text("'online'")),
        sa.and_(sa.not_(vpn), state == text("'online'"), _vpn_wanted(device)),
    )


def overall_status(device: Columns) -> Sql:
    """What is going on with a device, in a word."""
    reaches_api = device.api_heartbeat_state.in_([text("'online'"), text("'timeout'")])
    return _case(
        (_post_provisioning(device), text("'post-provisioning'")),
        (_never_seen(device), text("'configuring'")),
        (_offline(device), text("'disconnected'")),
        (sa.and_(reaches_api, _downloads_itself(device)), text("'updating'")),
        (device.provisioning_progress.is_not(None), text("'configuring'")),
        (sa.and_(reaches_api, _downloads_images(device)), text("'updating'")),
        (_half_connected(device), text("'reduced-functionality'")),
        otherwise=text("'operational'"),
    )


def overall_status_v6(device: Columns) -> Sql:
    """The same in the older words of v6."""
    return _case(
        (_post_provisioning(device), text("'post-provisioning'")),
        (_never_seen(device), text("'configuring'")),
        (_offline(device), text("'offline'")),
        (_downloads_itself(device), text("'updating'")),
        (device.provisioning_progress.is_not(None), text("'configuring'")),
        (_downloads_images(device), text("'updating'")),
        otherwise=text("'idle'"),
    )


def _inactive_first(compute: Callable[[Columns], Sql], otherwise: Sql) -> Callable[[Columns], Sql]:
    """The same where devices may be inactive."""
    return lambda device: _case((device.is_active == text("0"), otherwise), otherwise=compute(device))


def overall_progress(device: Columns) -> Sql:
    """How far a device is with what it does, in per cent."""
    install = tables()["image_install"].alias()
    progress = sa.func.coalesce(install.c.download_progress, text("100"))
    average = sa.select(sa.cast(sa.func.round(sa.func.avg(progress)), sa.Integer)).where(
        install.c.device == device.id,
        install.c.status != text("'deleted'"),
        sa.or_(
            install.c.status == text("'Downloading'"),
            install.c.is_provided_by__release == should_be_running(device),
        ),
    )
    return _case(
        (sa.or_(_post_provisioning(device), _never_seen(device)), device.provisioning_progress),
        (_offline(device), sa.null()),
        (_downloads_itself(device), device.download_progress),
        (device.provisioning_progress.is_not(None), device.provisioning_progress),
        (_downloads_images(device), average.correlate_except(install).scalar_subquery()),
        otherwise=sa.null(),
    )


def _when(condition: Sql, value: Sql) -> Sql:
    return _case((condition, value), otherwise=text("''"))


def _join(*parts: Any) -> Sql:
    out: Sql = sa.cast(parts[0], sa.Text)
    for part in parts[1:]:
        out = out.op("||")(text(f"'{part}'") if isinstance(part, str) else part)
    return out


def semver(release: Columns) -> Sql:
    """major.minor.patch-prerelease+build."""
    return _join(
        release.semver_major, ".", release.semver_minor, ".", release.semver_patch,
        _when(release.semver_prerelease != text("''"), _join(text("'-'"), release.semver_prerelease)),
        _when(release.semver_build != text("''"), _join(text("'+'"), release.semver_build)),
    )  # fmt: skip


def _draft_number(release: Columns) -> Sql:
    """What makes a draft's version unique: when it was made, in milliseconds."""
    seconds = sa.cast(sa.func.strftime(text("'%s'"), release.created_at), sa.Text)
    return seconds.op("||")(sa.func.substr(release.created_at, text("21"), text("3")))


def _separated(separator: str, *parts: tuple[Sql, Sql]) -> Sql:
    """The parts that are shown, with the separator between them."""
    joined: Sql = text("''")
    for shown, value in parts:
        joined = joined.op("||")(_when(shown, _join(text(f"'{separator}'"), value)))
    return sa.func.substr(joined, text(str(len(separator) + 1)))


def _revision_shown(release: Columns) -> Sql:
    """A revision above 0 that the build part does not name already."""
    padded = _join(text("'.'"), release.semver_build, ".")
    named = sa.func.instr(padded, _join(text("'.rev'"), release.revision, "."))
    return sa.and_(release.revision > text("0"), named == text("0"))


def _core(release: Columns) -> Sql:
    prerelease, draft = release.semver_prerelease != text("''"), release.revision.is_(None)
    extra = _separated(".", (prerelease, release.semver_prerelease), (draft, _draft_number(release)))
    return _join(
        release.semver_major, ".", release.semver_minor, ".", release.semver_patch,
        _when(sa.or_(prerelease, draft), _join(text("'-'"), extra)),
    )  # fmt: skip


def raw_version(release: Columns) -> Sql:
    """The whole version, with revision and variant; a draft's has its number."""
    build, variant = release.semver_build != text("''"), release.variant != text("''")
    parts = ((build, release.semver_build), (_revision_shown(release), _join(text("'rev'"), release.revision)),
             (variant, release.variant))  # fmt: skip
    plus = _when(sa.or_(build, release.revision > text("0"), variant), text("'+'"))
    return _join(_core(release), plus, _separated(".", *parts))


def version(release: Columns) -> Sql:
    """The version taken apart, as JSON."""

    def quoted(value: Sql) -> Sql:
        return _join(text("'\"'"), sa.func.replace(value, text("'.'"), text("'\",\"'")), text("'\"'"))

    prerelease, draft = release.semver_prerelease != text("''"), release.revision.is_(None)
    build, variant = release.semver_build != text("''"), release.variant != text("''")
    before = _separated(",", (prerelease, quoted(release.semver_prerelease)), (draft, _draft_number(release)))
    revision = _revision_shown(release), quoted(_join(text("'rev'"), release.revision))
    after = _separated(",", (build, quoted(release.semver_build)), revision, (variant, quoted(release.variant)))
    parts = {
        "raw": raw_version(release),
        "major": release.semver_major,
        "minor": release.semver_minor,
        "patch": release.semver_patch,
        "version": _core(release),
        "prerelease": sa.func.json(_join(text("'['"), before, "]")),
        "build": sa.func.json(_join(text("'['"), after, "]")),
    }
    arguments: list[Sql] = []
    for name, value in parts.items():
        arguments += [text(f"'{name}'"), value]
    return sa.func.json_object(*arguments)


def _nothing(_columns: Columns) -> Sql:
    return sa.cast(sa.null(), sa.Integer)


def _no(_columns: Columns) -> Sql:
    # a bare number in ORDER BY would mean the column of that number
    return sa.cast(text("0"), sa.Integer)


def is_final(release: Columns) -> Sql:
    """Finalized releases have a revision."""
    has_revision: Sql = release.revision.is_not(None)
    return has_revision


def release_type(release: Columns) -> Sql:
    """v6's word for it."""
    return _case((is_final(release), text("'final'")), otherwise=text("'draft'"))


COMPUTED: dict[tuple[str, str], Callable[[Columns], Sql]] = {
    ("application", "depends_on__application"): _nothing,
    ("device", "logs_channel"): _nothing,
    ("device", "vpn_address"): _nothing,
    ("device", "is_managed_by__device"): _nothing,
    ("device", "is_web_accessible"): _no,
    ("device", "is_frozen"): _no,
    ("device", "overall_status"): overall_status,
    ("device", "overall_progress"): overall_progress,
    ("device", "should_be_running__release"): should_be_running,
    ("release", "is_final"): is_final,
    ("release", "release_type"): release_type,
    ("release", "semver"): semver,
    ("release", "raw_version"): raw_version,
    ("release", "version"): version,
}
COMPUTED_V6: dict[tuple[str, str], Callable[[Columns], Sql]] = {("device", "overall_status"): overall_status_v6}
COMPUTED_CLOUD: dict[tuple[str, str], Callable[[Columns], Sql]] = {
    ("device", "overall_status"): _inactive_first(overall_status, text("'inactive'")),
    ("device", "overall_progress"): _inactive_first(overall_progress, sa.cast(sa.null(), sa.Integer)),
}


@functools.cache
def computed(version_of_api: str, resource: str, field: str, alias: sa.FromClause) -> Sql:
    """The SQL of a computed field over an alias of its resource's table."""
    resource = "application" if resource == "my_application" else resource
    key = (resource, field)
    others = {"v6": COMPUTED_V6, "cloud": COMPUTED_CLOUD}.get(version_of_api, {})
    return (others.get(key) or COMPUTED[key])(alias.c)
