#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_fleet
short_description: Make a whole balena fleet what one document says
version_added: 1.0.0
description:
  - Declares a fleet in one document, from its settings, tags and variables over its services, groups of devices and
    single devices to its releases, supervisor, policy for balenaOS and provisioning keys.
  - Everything is read in a number of requests that does not depend on how many devices and variables there are, and
    compared as a whole. There is one plan, one diff and one limit of changes.
  - What is written is written in a safe order. The fleet comes first, then devices, tags, variables, targets of host
    software, pins, and deletions at the end. When something fails, nothing that would have come after it is tried;
    running the task again finishes the rest.
  - Only what the document names is compared; what it does not name stays as it is, but for O(purge).
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.accounts
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
  - community.balena.forecast
  - community.balena.plan_files
  - community.balena.plan_files.signers
  - community.balena.releases
options:
  document:
    description:
      - The document. C(docs/fleet.schema.json) of this collection describes it for editors.
      - C(fleet) is the slug, C(organization/name). C(device_type) is needed to create the fleet. C(class), C(public),
        C(archived), C(device_urls) and C(support_access_until) are those of M(community.balena.balena_application).
      - C(tags) are tags of the fleet. C(variables) has C(env), C(config) and C(build). C(services) has the services by
        name, each with C(env). Services that no release has brought yet are made.
      - C(release) is what the fleet runs, as O(community.balena.balena_release_pin#module:release).
      - C(device_defaults) holds for all devices of the fleet. It can have C(tags), C(env), C(config), C(services),
        C(release) (V(track) lets them follow the fleet), C(note), C(location), C(public_url),
        C(support_access_until), C(local_mode), C(lock_override) and C(active).
      - C(groups) is a list of the same for the devices with some tags, each with C(name) and with C(match), tags that
        a device must have, or C(has_tags), the keys of tags that it must have whatever their values, or both. Tags
        count as they will be. Later groups win over earlier ones, and all of them over the defaults.
      - C(devices) is a list of the same for single devices, which win over groups. Each has a C(uuid), or a C(name)
        that only one device of the fleet has. Devices that do not exist are registered, with C(device_type) if that
        is not the fleet's. Devices of other fleets are moved here. With a uuid, the name is what the device is to be
        called.
      - C(supervisor) has a C(version), as O(community.balena.balena_supervisor_update#module:version). Devices that
        cannot get it stay as they are, with a warning.
      - C(os) has a C(version), as O(community.balena.balena_os_update#module:version). It is only reported, unless
        C(apply) is V(target), which gives devices the target that they then follow by themselves. C(os_type) is as
        O(community.balena.balena_os_update#module:os_type).
      - C(provisioning_keys) is a list of keys with C(name), C(description) and C(expires).
      - C(access) has the roles of collaborators by user name or e-mail address, as
        O(community.balena.balena_application_member#module:members). Only on balenaCloud.
      - "In place of the value of a variable, C({secret: NAME}) names a secret of O(secrets). A null value means that
        there must be no such variable or tag."
    type: dict
    required: true
  secrets:
    description:
      - The values of the secrets that O(document) names.
      - A variable whose secret is not given must exist; its value is left as it is.
      - Results and diffs show fingerprints in place of the values, also in place of the former values of such
        variables, and of those that O(purge) removes.
    type: dict
  sections:
    description:
      - Limit the task to these kinds of things, wherever they are in the document. All of them if not set.
      - V(application) means the settings of the fleet; V(devices) registration, moves and settings of devices, also
        C(device_urls); V(tags) and V(variables) those of the fleet and of its devices; V(services) services with their
        variables, on all and on single devices; V(release) the release of the fleet and pins of devices.
    type: list
    elements: str
    choices: [application, devices, tags, services, variables, provisioning_keys, access, supervisor, os, release,
              fleet]
  purge:
    description:
      - Remove what the document does not declare of these kinds. All that is removed is in the diff and counted.
      - V(tags) means tags of the fleet and of the devices that the document names. Other devices keep theirs.
      - V(variables) means variables of the fleet and of all of its devices, V(services) variables of services, also on
        single devices. The services themselves stay, as releases bring them.
      - V(devices) removes the devices that the document does not name, with all that belongs to them.
      - V(provisioning_keys) revokes keys. V(access) removes collaborators and takes back invitations.
    type: list
    elements: str
    choices: [tags, services, variables, devices, provisioning_keys, access]
    default: []
  create:
    description:
      - Whether to create the fleet if it does not exist. With V(false) the task fails then, and nothing is written.
      - A limit of changes does not keep a fleet from being created by mistake, since a new fleet has no devices.
    type: bool
    default: true
  allow_pending:
    description:
      - What to do about releases that do not exist (yet), as in a fleet that was just created.
      - With V(true), they are left out with a warning and listed in RV(pending); otherwise the task fails.
    type: bool
    default: false
  check_config:
    description:
      - What to do when a config variable that would be set has a name that the API does not know for the device type,
        or a value that does not fit. The API itself takes any.
      - Names that begin with C(BALENA_HOST_) and C(BALENA_UI_) are passed on to the host OS, so that only those of
        them that the API describes can be checked.
      - Variables that have their declared value already are not checked again.
    type: str
    choices: [warn, fail, ignore]
    default: warn
  silent_days:
    description: Report a device in RV(drift) that has not been heard of for more days than this. With V(0) none is.
    type: float
    default: 30.0
notes:
  - An openBalena server does not list provisioning keys. There they are made together with the fleet, and left as they
    are later.
seealso:
  - module: community.balena.balena_application
  - module: community.balena.balena_device
  - module: community.balena.balena_env_var
"""

EXAMPLES = r"""
- name: A fleet as it should be
  community.balena.balena_fleet:
    document:
      fleet: acme/kiosk
      device_type: raspberrypi4-64
      tags:
        team: retail
      release: ^1.0
      variables:
        env:
          LOG_LEVEL: info
          API_KEY: {secret: api_key}
        config:
          BALENA_HOST_CONFIG_gpu_mem: "128"
      services:
        web:
          env: {PORT: 8080}
      device_defaults:
        env: {REGION: eu}
      groups:
        - name: screens
          match: {role: screen}
          config: {BALENA_HOST_CONFIG_gpu_mem: "256"}
        - name: screens in Lyon run the older release
          match: {role: screen, site: lyon}
          release: "1.1.0"
      devices:
        - name: kitchen
          tags: {floor: ground}
          env: {REGION: eu-test}
        - name: window-berlin
          uuid: 4f6b3d0c2a1e49788d5c7b6a90f1e2d3
          tags: {role: screen, site: berlin}
      os:
        version: ^6.0
    secrets:
      api_key: "{{ vaulted_api_key | default('correct horse') }}"

- name: Only the variables, exactly those of the document, and not too many at once
  community.balena.balena_fleet:
    document: "{{ documents | first }}"
    sections: [variables]
    purge: [variables]
    max_changes: 10
  vars:
    documents:
      - fleet: acme/sensors
        variables:
          env: {INTERVAL: 60}
        groups:
          - name: production
            match: {environment: production}
            env: {INTERVAL: 300}

- name: A fleet for which there is no release yet
  community.balena.balena_fleet:
    document:
      fleet: acme/signage
      device_type: raspberrypi4-64
      release: "1.0.0"
    allow_pending: true
"""

RETURN = r"""
fleet:
  description: The fleet after the task.
  returned: success
  type: dict
  sample:
    id: 17
    name: kiosk
    slug: acme/kiosk
    uuid: 0d0a1c4b6b3f4f4e9d7be7f3ac9d3f2b
    organization: acme
    device_type: raspberrypi4-64
    class: fleet
    device_count: 7
    tags: {team: retail, tier: "1"}
    track_latest_release: false
    public: false
    archived: false
registered:
  description:
    - The devices that were, or in check mode would be, registered. A uuid that the document does not say is only known
      afterwards.
  returned: success
  type: list
  elements: dict
  sample:
    - name: window-berlin
      uuid: 4f6b3d0c2a1e49788d5c7b6a90f1e2d3
changed_devices:
  description:
    - The devices that existed and were, or in check mode would be, changed, removed or taken over, themselves or
      in their tags and variables.
  returned: success, or when some of the changes failed
  type: list
  elements: dict
  sample:
    - uuid: dc936cb31240db6564e30b516ef3ab28
      name: kitchen
drift:
  description:
    - How far the fleet was from the document when it was read. RV(drift.drifted) says whether anything of that is left.
    - The values of variables that are secret, or whose names look like it, are not in it.
  returned: success, or when some of the changes failed
  type: dict
  contains:
    fleet:
      description: The slug.
      type: str
    drifted:
      description: Whether there is a finding that this task did not mend. In check mode it mends none.
      type: bool
    findings:
      description:
        - The differences, by kind. C(subject) is the fleet or the name of a device, which has a C(uuid) too; C(name)
          says which of its variables, tags and so on; C(declared) is what the document says, C(actual) what the API
          has, and C(running) what the device tells. C(planned) findings are those that the task changes, and C(mended)
          says that it has. C(text) is a sentence.
        - The kind C(missing_fleet) is a fleet that does not exist; C(release) its target; C(pin) a device that is
          pinned otherwise than declared, or although the document says nothing of it; C(running) a device that runs
          neither its target nor what the document makes its target; C(override) a variable of a single device that
          hides one of the fleet or of a service and is not declared; C(variable), C(tag), C(setting), C(service),
          C(provisioning_key) and C(collaborator) what the task changes of these; C(missing_device) a device to be
          registered; C(undeclared_device) one that the document, which names others, does not name and no group takes;
          C(supervisor) and C(os) those off policy; C(silent) a device that has been silent for O(silent_days).
      type: list
      elements: dict
    counts:
      description: The number of findings of each kind.
      type: dict
    devices:
      description: The number of devices that the fleet had.
      type: int
    spread:
      description: How many devices run which release, balenaOS and supervisor.
      type: dict
  sample:
    fleet: acme/kiosk
    drifted: true
    counts: {variable: 1, running: 1}
    findings:
      - kind: running
        subject: kitchen
        uuid: dc936cb31240db6564e30b516ef3ab28
        declared: 1.2.0 (e0875b6)
        actual: 1.2.0 (e0875b6)
        running: 1.1.0 (a3d9c01)
        planned: false
        mended: false
        text: kitchen (dc936cb) runs 1.1.0 (a3d9c01), not its target 1.2.0 (e0875b6); it is offline
      - kind: variable
        subject: acme/kiosk
        name: LOG_LEVEL
        declared: info
        actual: warning
        planned: true
        mended: false
        text: acme/kiosk has the variable LOG_LEVEL 'warning', and 'info' is declared
    devices: 6
    spread:
      release: {1.1.0 (a3d9c01): 1, 1.2.0 (e0875b6): 5}
      os: {balenaOS 5.3.27: 4, balenaOS 6.0.41: 2}
      supervisor: {17.0.3: 6}
pending:
  description: What the document says of releases that do not exist, with O(allow_pending).
  returned: success
  type: list
  elements: dict
  sample:
    - path: release
      release: 1.0.0
      reason: release '1.0.0' of application 'acme/signage' does not exist, or the token may not see it
collaborators:
  description:
    - The application's slug, the roles of its collaborators by user name, and in C(pending) the roles of those who are
      invited and have not come yet; as they are after the task (in check mode as they would be).
  returned: when the document declares C(access)
  type: dict
  sample:
    application: acme/kiosk
    members: {admin: developer}
    pending: {guest@example.com: observer}
provisioning_keys:
  description:
    - The declared keys. RV(provisioning_keys[].key), the value, is there when the key was made, and never again; the
      task then shows no result.
  returned: when the document has some, and the server lists them or they were made
  type: list
  elements: dict
  contains:
    key:
      description: The value of the key.
      type: str
  sample:
    - id: 51
      name: factory
      description: null
      expires: "2030-01-31T00:00:00.000Z"
      created_at: "2026-01-31T09:00:00.000Z"
changes:
  description: How many things were, or in check mode would be, created, updated and deleted.
  returned: always
  type: dict
  sample: {create: 12, update: 3, delete: 1}
forecast:
  description:
    - What the plan costs the devices, in check mode or where a limit such as O(max_restarts) is given; only when
      something changes. Devices that are offline pay when they are back.
    - C(devices) is how many notice anything, C(offline) how many of them are offline now. C(restarts) is how many
      containers start anew, C(services) how many of each service. C(reboots) and C(download_bytes) are sums over all
      devices. C(download_unknown) is how many devices download something whose size the API does not know.
  returned: in check mode, or with a limit, when something changes
  type: dict
  sample:
    {devices: 12, offline: 1, restarts: 24, services: {api: 12, web: 12}, reboots: 0, download_bytes: 0,
     download_unknown: 0}
diff:
  description: What changes, before and after, by resource; secret values as fingerprints.
  returned: always
  type: dict
  sample:
    before: {application_environment_variable: {acme/kiosk LOG_LEVEL: warning}}
    after:
      application_environment_variable: {acme/kiosk LOG_LEVEL: info}
      device_tag: {kitchen (dc936cb) site: lyon}
failed_items:
  description:
    - The changes that could not be made, and why; also those that were not tried after them. Running the task again
      tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: create
      resource: device_environment_variable
      key: [7cf02a687b74206f92cb455969cf8e98, LOG_LEVEL]
      title: create device_environment_variable berlin-sign-01 (7cf02a6) LOG_LEVEL
      error: "The API refused POST /v7/device_environment_variable (503): the server failed and does not say why"
"""

from ..module_utils.domain.fleet.document import PURGEABLE, SECTIONS
from ..module_utils.domain.fleet.plan import plan
from ..module_utils.module import run_module
from ..module_utils.options import ACCOUNTS, FORECAST, PLAN_FILES, RELEASES, Options

OPTIONS = Options(
    argument_spec={
        **FORECAST,
        **PLAN_FILES,
        **ACCOUNTS,
        "document": {"type": "dict", "required": True},
        "secrets": {"type": "dict", "no_log": True},
        "sections": {"type": "list", "elements": "str", "choices": [*SECTIONS, "fleet"]},
        "purge": {"type": "list", "elements": "str", "choices": list(PURGEABLE), "default": []},
        "create": {"type": "bool", "default": True},
        "allow_pending": {"type": "bool", "default": False},
        **RELEASES,
        "silent_days": {"type": "float", "default": 30.0},
        "check_config": {"type": "str", "choices": ["warn", "fail", "ignore"], "default": "warn"},
    },
    never_null=("purge",),
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
