"""Runs a twin: its program as it is and converted, each in a workspace of its own, and what both told and left."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from amlbridge.migrate.findings import UNCONVERTED, FileReport
from amlbridge.migrate.module import Options
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from amlbridge.migrate.write import write_all
from amlbridge.server.url_map import UrlMap
from tests.migrate.twins.inventory import Inventory
from tests.migrate.twins.twin import Twin
from tests.support import own_environment, warm_clients
from tests.support.live import LiveService

#: What both programs import first: the v2 client, and then what the twin sets up with it.
_SETUP = """\
import os

import azureml.core.run  # reads the two variables below as texts, and cannot wait then
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

os.environ["AZUREML_RUN_POLLING_INTERVAL_MIN"] = "0"
os.environ["AZUREML_RUN_POLLING_INTERVAL_MAX"] = "1"
ml = MLClient.from_config(DefaultAzureCredential())
"""
#: Beside a run script of a twin with an environment of its own, which imports it first. scikit-learn has set variables
#: that begin with KMP_ in the interpreter that the step is forked from.
_AGAIN = """\
import os
import sys

if sys.executable != {interpreter!r}:
    left = {{name: value for name, value in os.environ.items() if not name.startswith("KMP_")}}
    os.execve({program!r}, [{program!r}, *sys.argv], left)
"""
#: Runs ``cell.py`` as a notebook with a kernel of its own, which is forked, too; what the cell prints is printed.
#: Imports have set variables that begin with KMP_ and TF_ in the interpreter that the program is forked from.
_NOTEBOOK = """\
import os
import subprocess
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

kernel = Path("kernel.py")
kernel.write_text("from ipykernel import kernelapp\\n\\nkernelapp.launch_new_instance()\\n")
cell = nbformat.v4.new_code_cell(open("cell.py").read())
notebook = nbformat.v4.new_notebook(cells=[cell])
client = NotebookClient(notebook, kernel_name="python3", timeout=200, shutdown_kernel="immediate")
client.create_kernel_manager().kernel_spec.argv[:] = [{program!r}, str(kernel.absolute()), "-f", "{{connection_file}}"]
left = {{name: value for name, value in os.environ.items() if not name.startswith(("KMP_", "TF_"))}}
client.execute(stdin=subprocess.DEVNULL, env=left)
for output in notebook.cells[0].outputs:
    if output.output_type == "stream":
        getattr(sys, output.name).write(output.text)
"""
#: A cluster, for twins that submit something.
CLUSTER = """\
from azure.ai.ml.entities import AmlCompute

ml.compute.begin_create_or_update(AmlCompute(name="{name}", size="STANDARD_D2_V2", max_instances=2)).result()
"""
#: As the cases are documented.
_PYTHON = Options(components="python")


@dataclass(frozen=True)
class Result:
    """What a program told (its lines that begin with "= ", or all) and what it left in its workspace."""

    told: list[str]
    left: dict[str, Any]


def run_both(twin: Twin, live: LiveService, folder: Path) -> tuple[Result, Result]:
    """The results of the program before and after its conversion; where it cannot run before, what it should tell."""
    old, new = folder / "old", folder / "new"
    for path, text in twin.program().items():
        (old / path).parent.mkdir(parents=True, exist_ok=True)
        (old / path).write_text(text)
    for number, (url, text) in enumerate(twin.urls.items()):
        place = folder / f"url{number}"
        place.write_text(text)
        UrlMap(live.home.url_map).add(url, place)
    for url, name in twin.folders.items():
        (folder / name).mkdir(exist_ok=True)
        UrlMap(live.home.url_map).add(url, folder / name)
    cluster = CLUSTER.format(name=twin.computes) if twin.computes else ""
    (old / "setup_workspace.py").write_text(_SETUP + cluster + twin.setup)
    if twin.packages and twin.script:
        again = (old / twin.path).with_name("started_again.py")
        again.write_text(_AGAIN.format(interpreter=own_environment.python(*twin.packages), program=_own(twin)))
    shutil.copytree(old, new)
    convert(twin, new)
    after = _run(twin, live, new)
    return _run(twin, live, old), after


def unlike(twin: Twin, live: LiveService, folder: Path) -> list[str]:
    """What the program does not do any more, or does in another way, after its conversion; lines for the reader."""
    old, new = run_both(twin, live, folder)
    found = list(difflib.unified_diff(old.told, new.told, "told before", "told after", lineterm=""))
    found += differences(old.left, new.left, twin.differs)
    return found + [f"{pattern}: nothing differs there" for pattern in unused(old.left, new.left, twin.differs)]


def is_installed(module: str) -> bool:
    """Whether a module can be imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that it is in
        return False


def convert(twin: Twin, folder: Path) -> list[FileReport]:
    """Converts the files of a folder. Nothing may be left, and the case becomes what is documented."""
    reports = run([folder], Settings(_PYTHON, jobs=1))
    left = [finding for report in reports for finding in report.findings if finding.status in UNCONVERTED]
    assert not left, left
    write_all(reports, [folder])
    missing = [line for line in _statements(twin.case.after) if line not in (folder / twin.place).read_text()]
    assert not missing, f"the program has not become what is documented: {missing}"
    return reports


def _statements(text: str) -> Iterator[str]:
    """The statements of a module without its imports, which are sorted in with others."""
    lines = text.splitlines(keepends=True)
    for node in ast.parse(text).body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            yield "".join(lines[node.lineno - 1 : node.end_lineno])


def _own(twin: Twin) -> str:
    """What runs a program with packages of its own: forked from the interpreter of the environment that several twins
    have."""
    interpreter = own_environment.python(*twin.packages)
    assert interpreter is not None, "the twin should have been skipped"
    forked = own_environment.TOGETHER.issuperset(twin.packages)
    return warm_clients.instead_of(interpreter) if forked else interpreter


def _run(twin: Twin, live: LiveService, folder: Path) -> Result:
    # The client of SDK v2 splits addresses of files at the word "paths".
    workspace = f"{twin.name}-{folder.name}".replace("paths", "places")
    program = (folder / "main.py").read_text()
    python = _own(twin) if twin.packages and not twin.script else None
    if twin.notebook:
        (folder / "cell.py").write_text(program)
        program = _NOTEBOOK.format(program=python or warm_clients.python())
    done = live.run(program, folder=folder, workspace=workspace, check=not twin.refused, python=python)
    if twin.refused:
        assert done.returncode, f"nothing was refused: {done.stdout}"
        assert twin.refused in done.stderr, done.stderr
    # The client of SDK v2 prints dots while it waits.
    lines = [line.lstrip(".") for line in done.stdout.replace(workspace, "WORKSPACE").splitlines()]
    told = [line for line in lines if twin.printed or line.startswith("= ")]
    return Result(told, Inventory(live, workspace).read())


# Compared -----------------------------------------------------------------------------------------------------------


def differences(old: Any, new: Any, allowed: Mapping[str, str], path: str = "") -> Iterator[str]:
    """Where two values differ, as ``path: old, new``; paths of the form ``models/m/1/tags``. Below a path that a
    pattern of ``allowed`` matches nothing is compared."""
    if old == new:
        return
    if any(fnmatchcase(path, pattern) for pattern in allowed):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from differences(old.get(key), new.get(key), allowed, f"{path}/{key}".lstrip("/"))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, allowed, f"{path}/{number}")
    else:
        yield f"{path}: {old!r}, {new!r}"


def unused(old: Any, new: Any, allowed: Mapping[str, str]) -> list[str]:
    """The patterns of ``allowed`` without which there would be no difference more."""
    found = list(differences(old, new, allowed))
    return [
        pattern
        for pattern in allowed
        if list(differences(old, new, {other: why for other, why in allowed.items() if other != pattern})) == found
    ]
