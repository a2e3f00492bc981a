# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An example for each page of the SDK's reference; tests/integration/test_sdk_examples.py runs them.

`balena` is a client; the reference shows how it is made. The fleets are those of the guides.
"""

from __future__ import annotations

EXAMPLES = {
    "Balena": 'with Balena(token=os.environ["BALENA_TOKEN"], api_url=os.environ["BALENA_API_URL"]) as balena:\n'
    '    print(balena.auth.whoami()["username"])',
    "Options": 'careful = Balena(token=os.environ["BALENA_TOKEN"], read_only=True, timeout=30, max_connections=4)\n'
    'print(careful.options.timeout)',
    "auth": 'print(balena.auth.is_logged_in(), balena.auth.whoami()["username"])',
    "auth.two_factor": "needed = balena.auth.two_factor.is_enabled()",
    "logs": 'kitchen = balena.models.device.get_by_name("kitchen")[0]\n'
    'for line in balena.logs.history(kitchen["uuid"]):\n    print(line["message"])',
    "pine": 'rows = balena.pine.get(resource="device", options={"$select": ["uuid"], "$top": 3})',
    "request": 'answer = balena.request.send(url="/v7/device?$top=1", base_url=balena.options.api_url)\n'
    'print(answer.body)',
    "settings": 'print(balena.settings.get("apiUrl"))',
    "LogSubscription": 'def follow(uuid):\n    with balena.logs.subscribe(uuid, count=10) as lines:\n'
    '        for line in lines:\n            print(line["message"])',
    "Interceptor": 'balena.interceptors.append(Interceptor(request=lambda request: print(request["url"]) or request))',
    "errors": 'try:\n    balena.models.application.get("acme/no-such-fleet")\n'
    "except errors.BalenaApplicationNotFound as error:\n    print(error)",
    "utils": 'options = utils.merge_pine_options({"$select": ["id"]}, {"$top": 3})',
    "models.api_key": 'names = [key["name"] for key in balena.models.api_key.get_all()]',
    "models.application": 'kiosk = balena.models.application.get("acme/kiosk")\nprint(kiosk["slug"])',
    "models.application.build_var": 'balena.models.application.build_var.set("acme/kiosk", "VERSION", "1")',
    "models.application.config_var": 'rows = balena.models.application.config_var.get_all_by_application("acme/kiosk")',
    "models.application.env_var": 'balena.models.application.env_var.set("acme/kiosk", "LOG_LEVEL", "debug")',
    "models.application.invite": 'invited = balena.models.application.invite.get_all_by_application("acme/kiosk")',
    "models.application.membership": "members = balena.models.application.membership"
    '.get_all_by_application("acme/kiosk")',
    "models.application.tags": 'balena.models.application.tags.set("acme/kiosk", "team", "retail")',
    "models.billing": 'plan = balena.models.billing.get_plan("acme")',
    "models.config": 'print(balena.models.config.get_all()["deviceUrlsBase"])',
    "models.credit_bundle": 'bundles = balena.models.credit_bundle.get_all_by_org("acme")',
    "models.device": 'kitchen = balena.models.device.get_by_name("kitchen")[0]\n'
    'print(balena.models.device.is_online(kitchen["uuid"]))',
    "models.device.config_var": "rows = balena.models.device.config_var"
    '.get_all_by_application("acme/kiosk")',
    "models.device.env_var": 'kitchen = balena.models.device.get_by_name("kitchen")[0]\n'
    'print(balena.models.device.env_var.get(kitchen["uuid"], "DEBUG"))',
    "models.device.history": 'kitchen = balena.models.device.get_by_name("kitchen")[0]\n'
    'moves = balena.models.device.history.get_all_by_device(kitchen["uuid"])',
    "models.device.service_var": "rows = balena.models.device.service_var"
    '.get_all_by_application("acme/kiosk")',
    "models.device.tags": 'kitchen = balena.models.device.get_by_name("kitchen")[0]\n'
    'balena.models.device.tags.set(kitchen["uuid"], "floor", "ground")',
    "models.device_type": 'print(balena.models.device_type.get("raspberrypi4-64")["name"])',
    "models.image": 'release = balena.models.release.get_all_by_application("acme/kiosk")[0]\n'
    'whole = balena.models.release.get(release["id"], {"$expand": "release_image"})\n'
    'for row in whole["release_image"]:\n    print(balena.models.image.get(row["image"]["__id"])["id"])',
    "models.key": 'titles = [key["title"] for key in balena.models.key.get_all()]',
    "models.organization": 'print(balena.models.organization.get("acme")["name"])',
    "models.organization.invite": "invited = balena.models.organization.invite.get_all()",
    "models.organization.membership": "members = balena.models.organization.membership"
    '.get_all_by_organization("acme")',
    "models.organization.membership.tags": "rows = balena.models.organization.membership.tags"
    '.get_all_by_organization("acme")',
    "models.os": 'newest = balena.models.os.get_max_satisfying_version("raspberrypi4-64", "latest")',
    "models.release": 'newest = balena.models.release.get_latest_by_application("acme/kiosk")\nprint(newest["commit"])',
    "models.release.asset": 'newest = balena.models.release.get_latest_by_application("acme/kiosk")\n'
    'files = balena.models.release.asset.get_all_by_release(newest["id"])',
    "models.release.tags": 'newest = balena.models.release.get_latest_by_application("acme/kiosk")\n'
    'balena.models.release.tags.set(newest["id"], "approved", "yes")',
    "models.service": 'rows = balena.models.service.get_all_by_application("acme/kiosk")\n'
    'print([row["service_name"] for row in rows])',
    "models.service.var": 'rows = balena.models.service.var.get_all_by_application("acme/kiosk")',
    "models.team": 'teams = balena.models.team.get_all_by_organization("acme")',
    "models.team.application_access": 'for team in balena.models.team.get_all_by_organization("acme"):\n'
    '    print(balena.models.team.application_access.get_all_by_team(team["id"]))',
    "models.team.membership": 'for team in balena.models.team.get_all_by_organization("acme"):\n'
    '    print(balena.models.team.membership.get_all_by_team(team["id"]))',
}  # fmt: skip
