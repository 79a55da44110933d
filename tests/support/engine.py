"""A small service for tests of the engine: folders instead of Azure."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from amlbridge.engine.content_digest import files_below
from amlbridge.engine.errors import EngineError
from amlbridge.engine.host import DRIVER_LOG, OutputPlace, StepContext
from amlbridge.engine.launch.pool import LauncherPool
from amlbridge.engine.plan import (
    Argument,
    Command,
    DataReference,
    Input,
    InputRef,
    Json,
    Node,
    NodePort,
    Output,
    OutputRef,
    Piece,
    Plan,
    Scalar,
    Settings,
    Value,
)
from amlbridge.engine.records.reuse import Candidate
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.store import Records
from amlbridge.engine.scheduler import Scheduler
from amlbridge.engine.sweep.settings import SweepSettings

DEFAULT = Settings()


class FolderHost:
    """A host whose code, data and artifacts are folders below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bounds: dict[str, int] = {}
        self.tables: list[tuple[str, str]] = []
        self.prelude: Path | None = None
        self.python = sys.executable

    def python_for(self, context: StepContext) -> str:
        return self.python

    def checkout(self, context: StepContext) -> None:
        if context.node.code is None:
            return
        for source in (self.root / "code" / context.node.code).iterdir():
            (context.work / source.name).write_bytes(source.read_bytes())

    def artifact(self, context: StepContext, name: str) -> Path:
        path = self.root / "artifacts" / context.run_id / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def child_artifact(self, context: StepContext, child_id: str, name: str) -> Path:
        return self.root / "artifacts" / child_id / name

    def wrote_table(self, context: StepContext, child_id: str, name: str) -> None:
        self.tables.append((child_id, name))

    def input_value(self, context: StepContext, name: str, item: Input, reference: DataReference) -> str:
        return str(self.root / "data" / reference.uri.partition("/paths/")[2])

    def table(self, context: StepContext, name: str, item: Input, reference: DataReference) -> Json:
        files = files_below(self.root / "data" / reference.uri.partition("/paths/")[2])
        described = [{"path": str(path), "size": path.stat().st_size} for _, path in files]
        return {"files": described, "transformations": [], "tabular": False}

    def output_place(self, context: StepContext, name: str, output: Output, path: str) -> OutputPlace:
        final, staged = self.root / "data" / path, self.root / "staged" / f"{context.run_id}.{name}"
        staged.parent.mkdir(exist_ok=True)
        if output.type == "uri_folder":
            staged.mkdir(exist_ok=True)
        return OutputPlace(output.datastore, path, final, staged)

    def environment(self, context: StepContext) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "RUN_ID": context.run_id, **context.node.variables}

    def completed(self, context: StepContext) -> None:
        (self.root / "completed").open("a").write(context.node.name + "\n")

    def interpreter(self, context: StepContext) -> str:
        return "python"

    def code_files(self, context: StepContext, code: str) -> dict[str, str]:
        folder = self.root / "code" / code
        return {path.name: path.read_text() for path in folder.iterdir()}

    def data_path(self, context: StepContext, datastore: str, path: str) -> Path:
        return self.root / "data" / path

    def input_files(self, context: StepContext, name: str, reference: DataReference) -> Iterable[tuple[str, Path]]:
        if not reference.uri.startswith("azureml://datastores/"):
            raise EngineError(f"{reference.uri} cannot be read")
        return files_below(self.root / "data" / reference.uri.partition("/paths/")[2])

    def reused(self, context: StepContext, original: Candidate) -> dict[str, str]:
        (self.root / "reused").open("a").write(context.node.name + "\n")
        return {"reused": original.run_id}

    def sweep_columns(self, context: StepContext, settings: SweepSettings) -> dict[str, Any]:
        return {"name": context.run_id}

    def trial_columns(
        self, context: StepContext, settings: SweepSettings, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {"name": "trial"}

    def max_nodes(self, workspace_id: str, compute: str) -> int | None:
        return self.bounds.get(compute)


class Engine:
    """Records, host and scheduler on one folder. Opening a second one on the same folder is a restart."""

    def __init__(self, root: Path, *, slots: int = 4, launcher: str = "subprocess") -> None:
        root.mkdir(exist_ok=True)
        self.root = root
        self.host = FolderHost(root)
        self.records = Records(f"sqlite:///{root / 'records.db'}")
        self.workspace = self.records.workspaces.ensure("s", "g", "w")
        self.experiment = self.records.experiments.ensure(self.workspace.id, "e")
        self.pool = LauncherPool(launcher=launcher)  # type: ignore[arg-type]
        self.scheduler = Scheduler(self.records, self.host, self.pool, root / "work", slots=slots)
        self.scheduler.start()

    def close(self) -> None:
        self.scheduler.stop()
        self.records.close()

    def code(self, name: str, script: str) -> str:
        """A snapshot with one script, main.py."""
        folder = self.root / "code" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "main.py").write_text(textwrap.dedent(script))
        return name

    def step(self, name: str, script: str, *arguments: Scalar | Piece, **fields: object) -> Node:
        """A node that runs a script."""
        pieces = [item if not isinstance(item, (str, int, float, type(None))) else Value(item) for item in arguments]
        command = Command(tuple(Argument((piece,)) for piece in pieces), script="main.py")
        return Node(name, name, command=command, code=self.code(name, script), **fields)  # type: ignore[arg-type]

    def submit(self, *nodes: Node, run_id: str = "p", settings: Settings = DEFAULT, **values: Scalar) -> str:
        """Submits a Plan of these nodes and returns the pipeline's run id."""
        self.submit_plan(Plan(nodes, settings=settings), run_id, **values)
        return run_id

    def submit_plan(self, plan: Plan, run_id: str = "p", **values: Scalar) -> dict[str, str]:
        return self.scheduler.submit(
            self.workspace.id,
            self.experiment.id,
            run_id,
            plan,
            parameters=values,
            data_parameters={},
            pipeline={"name": "pipeline"},
            steps={},
        )

    def run(self, *nodes: Node, run_id: str = "p", settings: Settings = DEFAULT, **values: Scalar) -> dict[str, Run]:
        """Runs a Plan to its end: name -> run, the pipeline's own under ``""``."""
        self.submit(*nodes, run_id=run_id, settings=settings, **values)
        assert self.scheduler.wait(self.workspace.id, run_id, 60)
        return self.runs(run_id)

    def runs(self, run_id: str = "p") -> dict[str, Run]:
        """The runs of a pipeline by name, the pipeline's own under ``""``."""
        children = self.records.runs.children(self.workspace.id, run_id)
        return {"": self.records.runs.get(self.workspace.id, run_id), **{str(run.name): run for run in children}}

    def log(self, run: Run) -> str:
        """What a step wrote."""
        return (self.root / "artifacts" / run.id / DRIVER_LOG).read_text(errors="replace")


FOLDER_OUTPUT = Output("store", "out/{run-id}/{output-name}")
FILE_OUTPUT = Output("store", "out/{run-id}/{output-name}", type="any")


def edge(node: str, port: str = "out") -> Input:
    """An input that reads another node's output."""
    return Input(NodePort(node, port))


__all__ = ["FILE_OUTPUT", "FOLDER_OUTPUT", "Engine", "FolderHost", "InputRef", "OutputRef", "edge"]
