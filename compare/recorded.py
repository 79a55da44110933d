"""A run as it was recorded, with its Plan and its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from amlbridge.compare.place import Place
from amlbridge.compare.references import Origin
from amlbridge.engine.errors import NotFoundError
from amlbridge.engine.plan import DataReference, Node, NodePort, Plan
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.runs import Run

#: The kind of the records of registered models.
MODEL = "model"
#: The property of a reused step that names the run whose results were taken.
_REUSED = "azureml.reusedrunid"
_LOGS = ("azureml-logs/70_driver_log.txt", "user_logs/std_log.txt")


@dataclass(frozen=True)
class Recorded:
    """A pipeline run, or a run that is its own step. ``steps``: node id -> its run. ``moved``: output of the Plan ->
    the one, of a step that is not in it, where it really lies."""

    place: Place
    run: Run
    plan: Plan
    steps: Mapping[str, Run]
    moved: Mapping[NodePort, NodePort] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """How the report calls it."""
        return f"run {self.run.id} ({self.run.display_name or self.run.name or self.run.kind})"

    def origin(self, labels: Mapping[str, str]) -> Origin:
        """What in its texts belongs to this run alone; ``labels``: node id -> what both sides call the step."""
        own = {
            self.run.id: "<the pipeline's run>",
            str(self.place.home): "<state folder>",
            self.place.workspace.id: "<workspace>",
            self.place.workspace.storage_account: "<storage account>",
        }
        own |= {run.id: f"<run of {labels.get(node, node)}>" for node, run in self.steps.items()}
        began = self.run.created
        for run in self.steps.values():
            original = self.place.records.runs.find(self.place.workspace.id, run.properties.get(_REUSED, ""))
            if original is not None:
                # What it wrote speaks of itself and of its time.
                own |= {original.id: own[run.id], original.root_id: "<the pipeline's run>"}
                began = min(began, original.created)
        return Origin(own, began, self.run.ended)

    def output(self, node: str, name: str) -> Path | None:
        """Where an output of a step lies; None when the step never started. Raises EngineError."""
        port = self.moved.get(NodePort(node, name), NodePort(node, name))
        found = self.steps[port.node].execution.get("outputs", {}).get(port.port) if port.node in self.steps else None
        return None if found is None else self.place.data_path(found["datastore"], found["path"])

    def reference(self, node: str, name: str) -> DataReference | None:
        """The data that an input of a step was; None when the step never started."""
        found = self.steps[node].execution.get("inputs", {}).get(name)
        return None if found is None else DataReference(found["uri"], found.get("type", "any"))

    def log(self, node: str) -> Path | None:
        """What a step printed; None when there is no log."""
        paths = (self.place.artifact(self.steps[node].id, name) for name in _LOGS)
        return next((path for path in paths if path.is_file()), None)

    def models(self) -> Sequence[Resource]:
        """The models that this run has registered: they name it or one of its steps, or no run and were registered
        while it was under way."""
        runs = {self.run.id, *(run.id for run in self.steps.values())}
        ended = self.run.ended if self.run.ended is not None else float("inf")
        found = []
        for model in self.place.records.resources.list(self.place.workspace.id, MODEL):
            named = model.body.get("runId")
            if named in runs or (not named and self.run.created <= model.created <= ended):
                found.append(model)
        return found


def read(place: Place, run_id: str) -> Recorded:
    """The run of this id, or of an id that begins so. Raises :class:`~amlbridge.engine.errors.NotFoundError`."""
    workspace = place.workspace.id
    run = place.records.runs.find(workspace, run_id) or _beginning(place, run_id)
    if run.plan_id is None and run.root_id != run.id:
        raise NotFoundError(f"{run.id} is a part of the run {run.root_id}: compare that one")
    # A run that its client starts on the own machine keeps its Plan for itself. One that only logs
    # (`experiment.start_logging()`) has no steps, but metrics, files and models.
    plan_id = run.plan_id or run.execution.get("plan")
    plan = place.records.plans.get(plan_id) if plan_id is not None else Plan(nodes=())
    steps = {str(step.node_id): step for step in place.records.runs.steps(workspace, run.id) if step.node_id}
    if not any(node.id in steps for node in plan.nodes) and len(plan.nodes) == 1:
        steps = {plan.nodes[0].id: run}
    return Recorded(place, run, plan, steps)


def _beginning(place: Place, text: str) -> Run:
    every = place.records.runs.query(place.workspace.id)
    roots = [run for run in every if run.id.startswith(text) and run.root_id == run.id]
    if len(roots) != 1:
        many = "more than one run begins so" if roots else "there is no such run"
        raise NotFoundError(f"no run {text} in the workspace {place.workspace.name}: {many}")
    return roots[0]


def is_reused(run: Run) -> bool:
    """Whether an earlier run's results were taken."""
    return bool((run.execution.get("reuse") or {}).get("hit")) or run.properties.get("azureml.isreused") == "true"


__all__ = ["Node", "Recorded", "is_reused", "read"]
