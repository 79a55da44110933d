"""Compiles what the service, the command, the tests and the warm interpreters import, once for all tests.

Tests start hundreds of these. Where PYTHONDONTWRITEBYTECODE is set, or the packages were installed without bytecode,
each would compile its modules anew: a second of a core for each start of the command, and fifteen for each warm
interpreter of steps with 5,000 modules of both SDKs, MLflow and scikit-learn.
"""

from __future__ import annotations

import compileall
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_OURS = ("cli", "compare", "engine", "migrate", "server", "studio", "trace", "v1", "v2", "wire")
_THEIRS = ("anyio", "black", "blib2to3", "click", "cryptography", "fastjsonschema", "httptools", "jwt", "libcst")
_THEIRS += ("nbformat", "psutil", "ruamel", "sqlalchemy", "starlette", "statsmodels", "traitlets", "trustme")
_THEIRS += ("uvicorn", "uvloop")
#: What clients and steps import of `preload.HEAVY`, of searches of AutoML, and of what these import.
_CLIENTS = ("IPython", "adal", "applicationinsights", "attr", "azure.ai.ml", "azure.core", "azure.identity")
_CLIENTS += ("azure.mgmt.core", "azure.mgmt.storage", "azure.storage", "azureml", "charset_normalizer", "dateutil")
_CLIENTS += ("docker", "flaml", "google.protobuf", "jinja2", "joblib", "jsonschema", "knack", "lightgbm", "marshmallow")
_CLIENTS += ("matplotlib", "mldesigner", "mlflow", "mltable", "msal", "msrest", "nacl", "narwhals", "numpy", "oauthlib")
_CLIENTS += ("opentelemetry", "optuna", "pandas", "paramiko", "pkg_resources", "pyarrow", "pydantic", "pydash")
_CLIENTS += ("requests", "rich", "scipy", "sklearn", "sqlparse", "strictyaml", "urllib3", "xgboost", "yaml")
#: Tests of packages, and the versions of Azure's interfaces, of which a client imports one in ten.
_LEFT_OUT = re.compile(r"tests?|v20\d\d_\w*")


def compile_all(*, clients: bool) -> None:
    """Writes the bytecode that is missing or old; 0.2 s when there is none. ``clients``: of the SDKs, too."""
    for name in _OURS:
        # A folder that cannot be written makes the tests slower, not wrong.
        compileall.compile_dir(_ROOT / name, quiet=2)
    names = _THEIRS + (_CLIENTS if clients else ())
    missing = [file for name in names for place in _places(name) for file in _without_bytecode(place)]
    cores = (os.cpu_count() or 1) if missing else 0
    command = [sys.executable, "-W", "ignore", "-m", "compileall", "-qq", "-i", "-"]
    compilers = [subprocess.Popen(command, stdin=subprocess.PIPE, text=True) for _ in range(cores)]
    for number, compiler in enumerate(compilers):
        assert compiler.stdin is not None
        compiler.stdin.write("\n".join(missing[number::cores]))
        compiler.stdin.close()
    for compiler in compilers:
        compiler.wait()


def _without_bytecode(place: Path) -> Iterator[str]:
    """The modules of an installed package, which nobody edits."""
    ending = f".{sys.implementation.cache_tag}.pyc"
    for folder, inner, names in os.walk(place):
        cache = Path(folder, "__pycache__")
        there = {name.removesuffix(ending) for name in os.listdir(cache)} if cache.is_dir() else set()  # noqa: PTH208
        inner[:] = [name for name in inner if not _LEFT_OUT.fullmatch(name) and name != "__pycache__"]
        modules = (name for name in names if name.endswith(".py") and name.removesuffix(".py") not in there)
        yield from (os.path.join(folder, name) for name in modules)  # noqa: PTH118  # 7,000 of them


def _places(name: str) -> list[Path]:
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:  # what it is in is not installed
        return []
    return [Path(place) for place in (spec.submodule_search_locations or ())] if spec is not None else []


@contextmanager
def kept() -> Iterator[None]:
    """What is imported meanwhile keeps its bytecode. To put pytest's assertions into the tests and into its plugins is
    half of what a collection takes, and each process of xdist collects all of them."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
