#!/usr/bin/python
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: balena_release
short_description: Declare what is said of a balena release, or have one built
version_added: 1.0.0
description:
  - Makes a draft final, invalidates a release or makes it valid again, and declares its note, known issues and tags.
  - With O(source_url), balenaCloud's builder makes a release from an archive of sources.
  - Which release an application or a device should run is declared with M(community.balena.balena_release_pin).
author:
  - The community.balena maintainers (!UNKNOWN)
extends_documentation_fragment:
  - community.balena.api
  - community.balena.attributes
  - community.balena.changes
attributes:
  idempotent:
    support: partial
    details: With O(source_url) and without O(release), every run builds a release.
options:
  application:
    description:
      - The application (fleet) that the release belongs to, by slug (V(organization/name)), uuid, or name where only
        one organization has it.
      - Needed to name a release by its version, a range or V(latest), and with O(source_url).
    type: str
    aliases: [fleet]
  release:
    description:
      - The release by its commit or the first seven or more digits of it; by its id; by its version, such as V(1.2.3)
        or a draft's V(1.2.3-1700000000000); as a range of versions such as V(^1.2), of which the highest is taken; or
        V(latest).
      - With O(source_url), the version that the source makes. When there is such a release, nothing is built.
      - Write a version in quotes. Without them YAML reads C(1.10) as the number 1.1.
    type: raw
  source_url:
    description:
      - Address of an archive (C(.tar.gz) or C(.zip)) of sources that the builder reads.
      - An openBalena server has no builder.
    type: str
  flatten:
    description: Whether the sources are in one folder inside the archive, as GitHub makes archives.
    type: bool
    default: true
  final:
    description: Whether the release is final. A final release cannot become a draft again.
    type: bool
  invalidated:
    description: Whether the release is invalidated, so that nothing should run it. Pins on it stay.
    type: bool
  note:
    description: A note. An empty text removes it.
    type: str
  known_issues:
    description: Known issues. An empty text removes them.
    type: str
  tags:
    description: Tags of the release, by key. A null value means that there must be no such tag.
    type: dict
  purge_tags:
    description: Also remove tags that O(tags) does not name. Only has an effect when O(tags) is given.
    type: bool
    default: false
  assets:
    description:
      - Files that belong to the release, by key; the value is the path of the file. A null value means that there must
        be no such asset.
      - The file is read where the task runs, which is the controller. A relative path is looked for like that of
        M(ansible.builtin.copy), also in C(files) of a role.
      - A file is uploaded when the release has none with this key, one of another size, or one with other content. The
        API keeps no checksum. When the sizes are equal, the mark that the storage gives the file is compared with the
        MD5 sums of the declared one; if that does not settle it, the stored file is read and compared, up to the first
        difference. This holds for check mode too.
      - More than 5 MiB are sent in parts, of which only those on their way are in memory. Uploads of large files show
        how far they are.
      - Files are uploaded before a draft is made final. If that fails, it stays a draft.
    type: dict
  purge_assets:
    description: Also remove assets that O(assets) does not name. Only has an effect when O(assets) is given.
    type: bool
    default: false
  state:
    description: The release is there. Releases are not deleted by this module.
    type: str
    choices: [present]
    default: present
  wait:
    description:
      - Whether to wait until the release is built; fails when its build fails, or makes another version than
        O(release).
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait at most. The task then fails; the build goes on.
    type: float
    default: 1800.0
  poll_interval:
    description: Seconds between two looks at the build.
    type: float
    default: 10.0
"""

EXAMPLES = r"""
- name: A release with a note and a tag
  community.balena.balena_release:
    application: acme/kiosk
    release: "1.1.0"
    note: Approved by QA
    tags:
      approved: true

- name: Nothing should run this one
  community.balena.balena_release:
    application: acme/kiosk
    release: "1.0.0"
    invalidated: true
    known_issues: Black screen after an hour

- name: It was a false alarm
  community.balena.balena_release:
    application: acme/kiosk
    release: "1.0.0"
    invalidated: false
    known_issues: ""

- name: A release has its manual, and no notes
  community.balena.balena_release:
    application: acme/kiosk
    release: "1.1.0"
    assets:
      manual.txt: manual.txt
      notes.txt: null

- name: Build a release, and wait until it is there
  community.balena.balena_release:
    application: acme/kiosk
    source_url: https://github.com/balena-io-examples/balena-python-hello-world/archive/master.tar.gz
    note: From the main branch
    wait: true
"""

RETURN = r"""
release:
  description: The release as it is after the task (in check mode as it would be).
  returned: success
  type: dict
  sample:
    id: 4711
    commit: 9d0d299f50e7beea7f9328ef1a45a4e19af6a277
    version: 1.1.0
    application: acme/kiosk
    status: success
    final: true
    invalidated: false
    note: Approved by QA
    known_issues: ""
    tags: {approved: "true"}
    assets: {manual.pdf: {filename: manual.pdf, size: 48213, content_type: application/pdf}}
  contains:
    assets:
      description: The files of the release, by key.
      returned: with O(assets)
      type: dict
built:
  description: What came of waiting for the build.
  returned: with O(wait), when the release was not built before
  type: dict
  sample: {status: success, version: 1.1.0}
changes:
  description: How many rows were, or in check mode would be, created, updated and deleted.
  returned: always
  type: dict
  sample: {create: 1, update: 1, delete: 0}
diff:
  description: What changes, before and after, by resource.
  returned: always
  type: dict
  sample:
    before: {release: {acme/kiosk 9d0d299f50e7beea7f9328ef1a45a4e19af6a277: {note: ""}}}
    after: {release: {acme/kiosk 9d0d299f50e7beea7f9328ef1a45a4e19af6a277: {note: Approved by QA}}}
failed_items:
  description: The changes that could not be made, and why. Running the task again tries them again.
  returned: when some of the changes failed
  type: list
  elements: dict
  sample:
    - action: create
      resource: release_tag
      key: [acme/kiosk, 9d0d299f50e7beea7f9328ef1a45a4e19af6a277, approved]
      title: create release_tag acme/kiosk 9d0d299f50e7beea7f9328ef1a45a4e19af6a277 approved
      error: "The API refused POST /v7/release_tag (503): the server failed and does not say why"
"""

from ..module_utils.domain.releases.fields import RELEASE
from ..module_utils.domain.releases.plan import plan
from ..module_utils.engine.fields import options_of
from ..module_utils.module import run_module
from ..module_utils.options import APPLICATION, WAITING, Options

OPTIONS = Options(
    argument_spec={
        **APPLICATION,
        "release": {"type": "raw"},
        "source_url": {"type": "str", "no_log": True},
        "flatten": {"type": "bool", "default": True},
        **options_of(RELEASE.fields),
        "tags": {"type": "dict"},
        "purge_tags": {"type": "bool", "default": False},
        "assets": {"type": "dict"},
        "purge_assets": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present"], "default": "present"},
        **{name: WAITING[name] for name in ("wait", "wait_timeout", "poll_interval")},
    },
    required_one_of=[("release", "source_url")],
    never_null=("tags", "assets", "source_url"),
)


def main() -> None:
    """Run as a process of its own."""
    run_module(OPTIONS, plan)


if __name__ == "__main__":
    main()
