"""Our engine in this process, assembled as the service assembles it: records, blobs, snapshots, environments."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal

import psutil

from amlbridge.engine.plan import Command, Node, Plan
from amlbridge.engine.snapshots import SnapshotStore
from amlbridge.server import assembly, engine_parts
from amlbridge.server.home import Home

from .machine import wait_until_idle

_PATIENCE = 120.0


class LocalEngine:
    """The engine on a state folder of its own. No requests are served: trivial steps make none.

    ``launcher`` "auto" is how the service runs steps; "subprocess" starts a fresh interpreter for each.
    """

    def __init__(self, folder: Path, launcher: Literal["auto", "subprocess"] = "auto") -> None:
        home = Home(folder / ".amlbridge")
        self._service = assembly.build_service(home)
        self._service.http_port, self._service.https_port, self._service.parts["guard_port"] = 9, 9, 9
        self._snapshots: SnapshotStore = self._service.part("snapshots", lambda: SnapshotStore(home.snapshots))
        self._database = home.root / "records.db"
        records = self._service.records
        self._workspace = records.workspaces.ensure(str(uuid.UUID(int=0)), "bench", "bench")
        self._experiment = records.experiments.ensure(self._workspace.id, "bench")
        self.scheduler = engine_parts.attach(self._service, home, launcher)

    def __enter__(self) -> LocalEngine:
        for hook in self._service.parts["on_start"]:
            hook()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hook in self._service.parts["on_stop"]:
            hook()
        self._service.records.close()

    def wait_until_warm(self) -> bool:
        """Waits until the warm interpreters have imported everything; False when that did not end."""
        return wait_until_idle(psutil.Process())

    def nodes(self, folders: Sequence[Path], *, chain: bool) -> tuple[Node, ...]:
        """A node for each folder, which becomes its code; it runs main.py. ``chain``: one after the other."""
        found: list[Node] = []
        for folder in folders:
            code = self._snapshots.import_folder(folder)
            after = (found[-1].id,) if chain and found else ()
            found.append(Node(folder.name, folder.name, command=Command(script="main.py"), code=code, after=after))
        return tuple(found)

    def run(self, nodes: tuple[Node, ...]) -> float:
        """Runs a pipeline. Seconds from the call of submit, so the recording of the submission counts too, until the
        finished run is durable. Raises RuntimeError when a step failed or another connection does not see the runs."""
        run_id = str(uuid.uuid4())
        # Each round is a new one to the engine: it looks for an earlier run, finds none and runs every step.
        nodes = tuple(dataclasses.replace(node, variables={**node.variables, "BENCH_RUN": run_id}) for node in nodes)
        began = time.perf_counter()
        self.scheduler.submit(
            self._workspace.id,
            self._experiment.id,
            run_id,
            Plan(nodes),
            parameters={},
            data_parameters={},
            pipeline={"name": "bench"},
            steps={},
        )
        ended = self.scheduler.wait(self._workspace.id, run_id, _PATIENCE)
        passed = time.perf_counter() - began
        if not ended:
            raise RuntimeError(f"the pipeline did not end within {_PATIENCE:.0f} s")
        self._check(run_id, len(nodes))
        return passed

    def _check(self, run_id: str, steps: int) -> None:
        """What another process would find in the records."""
        connection = sqlite3.connect(self._database)
        try:
            query = "select status, count(*) from run where id = ? or parent_id = ? group by status"
            found = dict(connection.execute(query, (run_id, run_id)).fetchall())
        finally:
            connection.close()
        if found != {"Completed": steps + 1}:
            raise RuntimeError(f"not every step completed: {found}")


def cores() -> int:
    """How many steps the engine runs at once."""
    return os.cpu_count() or 1
