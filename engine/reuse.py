"""Takes the results of an earlier run of a step when everything that they follow from is unchanged.

A step that completed is a candidate for later ones of the same workspace. Its outputs must still be as it left them:
missing or changed ones make a miss. What cannot be compared is a miss too, never a failure.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from amlbridge.engine import child_runs, kinds
from amlbridge.engine.content_digest import ContentDigests, Contents
from amlbridge.engine.errors import EngineError
from amlbridge.engine.execution import Execution, Step
from amlbridge.engine.host import Host, StepContext
from amlbridge.engine.plan import DataParameterRef, DataReference, Input, NodePort
from amlbridge.engine.recent_steps import RecentSteps
from amlbridge.engine.records.reuse import Candidate
from amlbridge.engine.records.store import Records
from amlbridge.engine.reuse_decision import Decision
from amlbridge.engine.reuse_key import Ingredients, differences, ingredients, key

log = logging.getLogger(__name__)

OFF = "reuse is off for this step (allow_reuse=False)"
SINGLE = "a run that is no step of a pipeline is always run"
FORCED = "the submission asks for new outputs (regenerate_outputs)"
FIRST = "no step of this name has completed in this experiment, and no other step equals it"
DIFFERS = "the step is not as it was"
_TWIN = "an equal step ended only after this one had started"
#: What a run's ``execution`` says of its own processes.
_OWN = ("attempts", "restarts", "reuse")
#: So many files of an input are kept by name with each step.
_MOST_NAMED = 200


class Reuse:
    """Decides for the step runner, and records what later decisions need."""

    def __init__(self, records: Records, host: Host) -> None:
        self._records = records
        self._host = host
        self._digests = ContentDigests()
        self._recent = RecentSteps(records.reuse)

    def take(self, context: StepContext, execution: Execution, step: Step) -> bool:
        """Decides. When an earlier run is taken, its outputs and artifacts are the step's when this returns True."""
        decision = step.reuse = self._decide(context, execution)
        if not decision.reason:
            self._explain(context, decision)
        if decision.candidate is None or not decision.hit:
            return False
        try:
            step.reused_properties = dict(self._host.reused(context, decision.candidate))
            if step.node.kind in kinds.DRIVERS:
                child_runs.copy_artifacts(self._records, self._host, context, decision.candidate.run_id)
        except (EngineError, OSError) as error:
            decision.hit = False
            decision.reason = f"the results of run {decision.candidate.run_id} cannot be taken: {error}"
            return False
        step.origin = decision.candidate.run_id
        step.outputs = dict(decision.candidate.execution["outputs"])
        return True

    # -- before the step ----------------------------------------------------------------------------------------------

    def _decide(self, context: StepContext, execution: Execution) -> Decision:
        node = context.node
        if not node.deterministic:
            return Decision(False, OFF)
        if execution.single:
            return Decision(False, SINGLE)
        try:
            detail = self._detail(context, execution)
            found = Decision(False, "", key(detail), detail)
            if execution.plan.settings.force_rerun or node.options.get("force"):
                found.reason = FORCED
                return found
            return self._search(context, found)
        except (EngineError, OSError, ValueError) as error:
            return Decision(False, f"the step cannot be compared with earlier ones: {error}")

    def _search(self, context: StepContext, found: Decision) -> Decision:
        assert found.key is not None
        for candidate in self._recent.same(context.workspace.id, found.key):
            damage = self._damage(context, candidate)
            if not damage:
                found.hit, found.candidate, found.compared, found.differs = True, candidate, candidate.run_id, []
                found.reason = f"everything is as it was in run {candidate.run_id}"
                return found
            if found.compared is None:
                found.compared, found.differs = candidate.run_id, damage
                found.reason = f"the outputs of run {candidate.run_id} are no longer as that run left them"
        return found

    def _damage(self, context: StepContext, candidate: Candidate) -> list[str]:
        found = []
        for name, recorded in candidate.outputs.items():
            place = candidate.execution["outputs"][name]
            try:
                now = self._digests.of_path(self._host.data_path(context, place["datastore"], place["path"]))
            except (EngineError, OSError) as error:
                found.append(f"output {name}: {error}")
                continue
            found += [f"output {name}: {change}" for change in now.differences(Contents(**recorded))]
        return found

    def _detail(self, context: StepContext, execution: Execution) -> Ingredients:
        node = context.node
        inputs = {name: self._input(context, execution, name, item) for name, item in node.inputs.items()}
        interpreter = self._host.interpreter(context)
        detail = ingredients(
            node, execution.parameters, {name: item for name, item in inputs.items() if item}, interpreter
        )
        # What comes before without handing over data has effects that nobody can see: when it ran anew, so must this.
        before: dict[str, list[str]] = {}
        for other in node.after:
            earlier = execution.steps[other]
            before.setdefault(earlier.node.name, []).append(earlier.origin or earlier.run_id)
        return {**detail, **{f"the step before, {name}": sorted(runs) for name, runs in before.items()}}

    def _input(self, context: StepContext, execution: Execution, name: str, item: Input) -> dict[str, Any]:
        """What an input holds; {} for a literal."""
        source = item.source
        if isinstance(source, NodePort):
            place = execution.steps[source.node].outputs[source.port]
            path = self._host.data_path(context, place["datastore"], place["path"])
            return _content(self._digests.of_path(path))
        if isinstance(source, DataParameterRef):
            source = execution.data[source.name]
        if not isinstance(source, DataReference):
            return {}
        files = self._host.input_files(context, name, source)
        return {"data": source.uri, **_content(self._digests.of_files(files))}

    def _explain(self, context: StepContext, decision: Decision) -> None:
        """Says what is not as it was in the nearest earlier run of this name: the one with the fewest differences."""
        assert decision.detail is not None
        place = (context.workspace.id, context.experiment_id, context.node.name)
        best: list[str] | None = None
        for run_id, detail in self._recent.get(place):
            found = self._differences(context, decision.detail, detail)
            if best is None or len(found) < len(best):
                best, decision.compared = found, run_id
        decision.differs = best or []
        decision.reason = FIRST if best is None else (DIFFERS if best else _TWIN)

    def _differences(self, context: StepContext, now: Ingredients, then: Ingredients) -> list[str]:
        try:
            return differences(now, then, lambda code: self._host.code_files(context, code))
        except EngineError:
            # The earlier code is no longer there: that it differs is all that can be said.
            return differences(now, then)

    # -- after the step -----------------------------------------------------------------------------------------------

    def finished(self, context: StepContext, step: Step) -> None:
        """Notes what the outputs of a step that was run hold; they are in their places."""
        decision = step.reuse
        if decision is None or decision.key is None:
            return
        try:
            contents = {name: self._digests.of_path(place.final) for name, place in context.outputs.items()}
        except OSError as error:
            log.warning("the outputs of run %s cannot be read, so it will not be reused: %s", step.run_id, error)
            return
        decision.outputs = {name: vars(item) for name, item in contents.items()}

    def settled(self, execution: Execution, step: Step, completed: bool, now: float) -> dict[str, Any]:
        """Columns of the run of a step that has ended. To be called in the transaction that records its end, in which
        it records what belongs to it."""
        decision = step.reuse
        if decision is None:
            return {}
        workspace = execution.workspace.id
        if decision.hit and decision.candidate is not None:
            self._records.metrics.copy(workspace, decision.candidate.run_id, step.run_id)
            found = self._reused(workspace, step, decision, decision.candidate, now)
            if step.node.kind not in kinds.DRIVERS:
                return found
            children = child_runs.copy(self._records, workspace, decision.candidate.run_id, step.run_id)
            # A tag that names a child (the best one) names the step's own.
            return {**found, "tags": {name: children.get(value, value) for name, value in found["tags"].items()}}
        if completed and decision.key is not None and decision.outputs is not None:
            row = {
                "key": decision.key,
                "experiment_id": execution.experiment_id,
                "name": step.node.name,
                "ended": now,
                "detail": decision.detail,
                "outputs": decision.outputs,
            }
            self._records.reuse.add(workspace, step.run_id, row)
            self._recent.add((workspace, execution.experiment_id, step.node.name), step.run_id, decision)
        return {}

    def _reused(
        self, workspace: str, step: Step, decision: Decision, original: Candidate, now: float
    ) -> dict[str, Any]:
        own = self._records.runs.get(workspace, step.run_id)
        execution = {name: value for name, value in original.execution.items() if name not in _OWN}
        return {
            "started": now,
            "execution": {**execution, "attempts": 0, "restarts": step.restarts, "reuse": decision.record()},
            "properties": {**_given(original.properties), **own.properties, **step.reused_properties},
            "tags": {**_given(original.tags), **own.tags},
        }


def _given(labels: Mapping[str, str]) -> dict[str, str]:
    """Without the service's own, which are about the original."""
    return {name: value for name, value in labels.items() if not name.startswith("azureml.")}


def _content(contents: Contents) -> dict[str, Any]:
    files = contents.files
    if files is None or contents.count > _MOST_NAMED:
        return {"content": contents.digest}
    return {"content": contents.digest, "files": {name: digest[:16] for name, digest in files.items()}}
