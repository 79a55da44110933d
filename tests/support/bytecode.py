"""Compiles what the service, the command and the tests import, once for all tests.

Tests start hundreds of both. Where PYTHONDONTWRITEBYTECODE is set, or the packages were installed without bytecode,
each would compile some 700 modules anew: a second of a core for each start.
"""

from __future__ import annotations

import compileall
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_OURS = ("cli", "compare", "engine", "migrate", "server", "studio", "trace", "v1", "v2", "wire")
_THEIRS = ("anyio", "black", "blib2to3", "click", "cryptography", "fastjsonschema", "httptools", "jwt", "libcst")
_THEIRS += ("nbformat", "psutil", "ruamel", "sqlalchemy", "starlette", "statsmodels", "traitlets", "trustme")
_THEIRS += ("uvicorn", "uvloop")


def compile_all() -> None:
    """Writes the bytecode that is missing or old; 0.1 s when there is none."""
    folders = [_ROOT / name for name in _OURS]
    for name in _THEIRS:
        spec = importlib.util.find_spec(name)
        folders += map(Path, (spec.submodule_search_locations or ()) if spec is not None else ())
    for folder in folders:
        # A folder that cannot be written makes the tests slower, not wrong.
        compileall.compile_dir(folder, quiet=2)


@contextmanager
def kept() -> Iterator[None]:
    """What is imported meanwhile keeps its bytecode. To put pytest's assertions into the tests and into its plugins is
    half of what a collection takes, and each process of xdist collects all of them."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
