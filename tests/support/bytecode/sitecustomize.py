# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the bytecode of what Python imports from archives, as it does of what it imports from files.

Each process of a module imports some hundred files from an archive that Ansible has made for it, and compiles them for
a third of its time. Python imports this file when it starts with this folder on its path. A file is looked up by what
stands in it.
"""

import _imp
import marshal
import os
import sys
import zipimport

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[os.pardir] * 3, ".cache", "bytecode")
compile_source = zipimport._compile_source  # type: ignore[attr-defined]


def compiled_before(pathname, source, *more):  # type: ignore[no-untyped-def]
    """The code of a file in an archive."""
    names = (sys.implementation.cache_tag, _imp.source_hash(0, source).hex(), os.path.basename(pathname))
    kept = os.path.join(FOLDER, "-".join(names))
    try:
        with open(kept, "rb") as file:
            code = marshal.loads(file.read())
    except OSError:
        code = compile_source(pathname, source, *more)
        os.makedirs(FOLDER, exist_ok=True)
        mine = f"{kept}.{os.getpid()}"  # others may do the same
        with open(mine, "wb") as new:
            marshal.dump(code, new)
        os.replace(mine, kept)
    else:
        _imp._fix_co_filename(code, pathname)  # type: ignore[attr-defined]
    return code


zipimport._compile_source = compiled_before  # type: ignore[attr-defined]
