#!/bin/sh
# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Put the site that `make docs` has built onto the branch gh-pages, beside those of other versions, and push it.
# Usage: publish_site.sh VERSION

set -eu

version=$1
cd "$(dirname "$0")/../.."
pages=.cache/gh-pages
rm -rf "$pages"
if git fetch --quiet origin gh-pages 2>/dev/null; then
    git worktree add --quiet --force -B gh-pages "$pages" FETCH_HEAD
else
    # The first time: a branch without a past.
    git worktree add --quiet --force --detach "$pages"
    git -C "$pages" checkout --quiet --orphan gh-pages
    git -C "$pages" rm -r -q -f .
fi
python3 docs/tools/site_versions.py docs/_build/html "$pages" "$version"
git -C "$pages" add --all
if git -C "$pages" diff --cached --quiet; then
    echo "the site of $version is there already"
else
    git -C "$pages" -c user.name="community.balena" -c user.email="noreply@github.com" \
        commit --quiet -m "The documentation of $version"
    git -C "$pages" push --quiet origin gh-pages
fi
git worktree remove --force "$pages"
