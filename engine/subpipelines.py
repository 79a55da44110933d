"""Sub-pipelines: parts of a Plan that have runs of their own, whose status follows their steps.

To the engine a Plan is flat. A sub-pipeline is recorded between the pipeline's run and those of its steps, so that who
asks finds the steps where the client's code has them; it starts nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from amlbridge.engine.execution import Step, StepState, error_of, status_of
from amlbridge.engine.records import runs as status


@dataclass(frozen=True)
class SubPipeline:
    """A sub-pipeline of a Plan: the ids of the nodes that stand in it directly, the path of the one that it stands in
    (None: the pipeline itself), and further columns of its run."""

    nodes: tuple[str, ...]
    inside: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Group:
    """A sub-pipeline of a run, with its steps at any depth. ``recorded`` is the status that its record has."""

    run_id: str
    recorded: str = status.NOT_STARTED
    steps: list[Step] = field(default_factory=list)

    def status(self) -> str:
        """What follows from the steps."""
        states = {step.state for step in self.steps}
        if all(state.final for state in states):
            return status_of(states)
        begun = states - {StepState.NOT_STARTED, StepState.QUEUED}
        return status.RUNNING if begun else status.NOT_STARTED

    def change(self, now: float) -> dict[str, Any]:
        """The columns of its record that have changed; {} for none."""
        found = self.status()
        if found in (self.recorded, status.NOT_STARTED):
            return {}
        if self.recorded == status.CANCEL_REQUESTED and found not in status.TERMINAL:
            return {}
        values: dict[str, Any] = {"status": found}
        if found == status.RUNNING:
            # One that was cancelled before its first step has never started.
            values["started"] = now
        if found in status.TERMINAL:
            values |= {"ended": now, "error": error_of(self.steps) if found == status.FAILED else None}
        self.recorded = found
        return values


def rows(pipeline: str, parts: Mapping[str, SubPipeline], run_ids: Mapping[str, str]) -> list[dict[str, Any]]:
    """The records of new sub-pipelines, the outer ones first; ``parts`` has them in that order."""
    found = []
    for path, part in parts.items():
        parent = run_ids[part.inside] if part.inside is not None else pipeline
        own = {"id": run_ids[path], "kind": "pipeline", "parent_id": parent, "node_id": path}
        found.append({"name": path, **part.columns, **own})
    return found


def groups(steps: Iterable[Step], recorded: Mapping[str, str], parents: Mapping[str, str | None]) -> dict[str, Group]:
    """The sub-pipelines of a run by run id. ``recorded``: their status by run id; ``parents``: of each run of the
    pipeline the one above it."""
    found = {run_id: Group(run_id, state) for run_id, state in recorded.items()}
    for step in steps:
        above = parents.get(step.run_id)
        while above is not None and above in found:
            found[above].steps.append(step)
            above = parents.get(above)
    return found
