"""Where a step's Python looks for modules."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from amlbridge.engine import kinds
from amlbridge.engine.host import StepContext
from amlbridge.engine.launch.base import Launch
from amlbridge.engine.launch.scan import inspect
from amlbridge.engine.plan import Command, Node, NodeKind
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import step_inputs

_WORKSPACE = Workspace("1", "s", "g", "w", 0.0, {})


def _path(folder: Path, node: Node, before: dict[str, str] | None = None) -> str:
    context = StepContext(_WORKSPACE, "1", "run", "run", node, {}, folder)
    return step_inputs.with_paths(context, before or {}, step_inputs.site(folder / "site")).get("PYTHONPATH", "")


def test_a_command_gets_our_prelude_by_the_path(tmp_path: Path) -> None:
    node = Node("a", "a", command=Command(shell=True))
    assert _path(tmp_path, node, {"PYTHONPATH": "own"}) == f"{tmp_path}/site:own"
    assert (tmp_path / "site" / "sitecustomize.py").exists()


def test_a_script_in_a_folder_gets_the_root(tmp_path: Path) -> None:
    assert _path(tmp_path, Node("a", "a", command=Command(script="steps/a.py"))) == str(tmp_path)
    assert _path(tmp_path, Node("a", "a", command=Command(script="a.py"))) == ""


@pytest.mark.parametrize("kind", ["automl"])
def test_a_driver_of_ours_can_be_forked_from_a_warm_interpreter(tmp_path: Path, kind: NodeKind) -> None:
    path = _path(tmp_path, Node("a", "a", kind))
    argv = (str(kinds.DRIVERS[kind].script), "settings.json")
    log = tmp_path / "log"
    program = inspect(Launch(argv, sys.executable, tmp_path, {"PYTHONPATH": path}, log, log, "step"))
    assert program.refusal is None and program.heavy
    assert not program.names & {"sitecustomize", "usercustomize", *sys.stdlib_module_names}
