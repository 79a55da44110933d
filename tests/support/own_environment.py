"""Environments of their own for programs whose packages cannot be installed beside those of the tests.

Each is built once for a machine with uv, from wheels only, and kept by what it is made of. Without an index that has
the packages there is none, which is the reason to skip what needs it. What can be installed together is one
environment: each compiles half a gigabyte of packages anew.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from amlbridge.engine.environments import pythons
from amlbridge.engine.environments.build import find_uv, uv_environment
from amlbridge.engine.errors import EngineError

#: What a program that uses both clients needs besides.
CLIENTS = ("azureml-core>=1.61", "azure-ai-ml>=1.35", "azure-identity>=1.19", "setuptools<81")
#: What programs need that can be installed together, and instead of which packages that have no wheels today.
TOGETHER = frozenset(
    {
        "adlfs",
        "azureml-automl-runtime>=1.62",
        "azureml-contrib-automl-pipeline-steps>=1.60",
        "azureml-datadrift>=1.60",
        "azureml-explain-model>=1.62",
        "azureml-interpret>=1.62",
        "azureml-opendatasets>=1.62",
        "azureml-train-automl-runtime>=1.62",
        "azureml-widgets>=1.62",
        "ipython<9",
        "mlflow>=2.22,<3",
        "nbclient>=0.10",
        "!fusepy; python_version < '3'",
        "!onnxruntime; python_version < '3'",
        "!pmdarima>=2.0.4",
        "!psutil>=5.9.4",
        "!pyspark; python_version < '3'",
    }
)
_PYTHON = "python=="
#: Its interpreters keep the bytecode of their packages, also where PYTHONDONTWRITEBYTECODE is set: to compile what they
#: import is most of what they would take each time. A program's own folder gets none, since it is uploaded.
_BYTECODE = """\
import sys
from importlib.machinery import SourceFileLoader

_keep = SourceFileLoader._cache_bytecode


def _cache_bytecode(self, source_path, bytecode_path, data):
    if source_path.startswith(sys.prefix):
        _keep(self, source_path, bytecode_path, data)


if sys.dont_write_bytecode:
    SourceFileLoader._cache_bytecode = _cache_bytecode
    sys.dont_write_bytecode = False
"""
#: Seconds; with uv's own cache a build takes five to twenty.
_PATIENCE = 240


def python(*requirements: str) -> str | None:
    """The interpreter of an environment with these packages and :data:`CLIENTS`; None when it cannot be built.

    A requirement that begins with "!" stands for whatever other packages ask for of this package; "python==3.10.*" asks
    for an interpreter of this machine other than that of the tests.
    """
    together = _environment(TOGETHER) if TOGETHER.issuperset(requirements) else None
    return together or _environment(frozenset(requirements))


@functools.cache
def _environment(requirements: frozenset[str]) -> str | None:
    wanted = sorted({*CLIENTS, *requirements})
    # Checkouts share it: it knows the interpreter that theirs were made from, and nothing of them.
    key = hashlib.sha256("\n".join([sys.version, sys.base_prefix, _BYTECODE, *wanted]).encode()).hexdigest()[:16]
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "amlbridge-tests" / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    found, done = folder / "bin" / "python", folder / "built"
    with (folder.parent / f"{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two processes of xdist may want the same
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            try:
                _build(folder, wanted)
            except (EngineError, OSError, subprocess.SubprocessError) as error:
                print(f"no environment with {', '.join(wanted)}: {getattr(error, 'stderr', None) or error}")
                return None
            done.touch()
    return str(found)


def _build(folder: Path, wanted: list[str]) -> None:
    uv, place, instead = find_uv(), str(folder / "bin" / "python"), folder / "instead.txt"
    _run([uv, "venv", "--quiet", "--python", _interpreter(uv, wanted), str(folder)])
    instead.write_text("\n".join(line[1:] for line in wanted if line.startswith("!")))
    options = ["--only-binary", ":all:", "--overrides", str(instead), "--python", place]
    _run([uv, "pip", "install", "--quiet", *options, *(line for line in wanted if not line.startswith(("!", _PYTHON)))])
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "own_bytecode.py").write_text(_BYTECODE)
    (packages / "own_bytecode.pth").write_text("import own_bytecode\n")


def _interpreter(uv: str, wanted: list[str]) -> str:
    """The interpreter that is asked for, or that of the tests. Raises :class:`EngineError`."""
    asked = next((line.removeprefix("python") for line in wanted if line.startswith(_PYTHON)), None)
    return pythons.choose(pythons.found(uv, uv_environment()), asked, sys.executable).path if asked else sys.executable


def _run(command: list[str]) -> None:
    subprocess.run(command, env=uv_environment(), check=True, capture_output=True, text=True, timeout=_PATIENCE)
