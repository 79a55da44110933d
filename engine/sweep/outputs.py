"""The outputs of a sweep: those of its best trial, the metrics of all trials, and files of the best trial's artifacts.

Facts: the metrics output of v1's HyperDriveStep is a JSON file ``{run id: {metric: [values]}}``; its model output is
the artifact ``model_file`` of the best run (``TrainingOutput``).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from amlbridge.engine.errors import EngineError
from amlbridge.engine.execution import Step
from amlbridge.engine.host import Host, OutputPlace, StepContext
from amlbridge.engine.plan import Output
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.store import Records
from amlbridge.engine.sweep.settings import SweepSettings
from amlbridge.engine.sweep.trial_state import Trial

_METRICS = ("metrics", "1")


def take(host: Host, context: StepContext, step: Step, places: Mapping[str, Mapping[str, str]]) -> None:
    """Makes outputs of another run the step's own."""
    for name, place in places.items():
        final = host.data_path(context, place["datastore"], place["path"])
        context.outputs[name] = OutputPlace(place["datastore"], place["path"], final)
        step.outputs[name] = dict(place)


def collect(
    records: Records,
    host: Host,
    context: StepContext,
    step: Step,
    settings: SweepSettings,
    trials: Sequence[Trial],
    winner: Trial | None,
) -> None:
    """Fills the outputs of a sweep that has ended. Raises :class:`EngineError` and :class:`OSError`."""
    wanted = context.node.outputs
    if wanted and winner is None:
        raise EngineError(
            f"the sweep has no outputs: no trial has logged the primary metric {settings.metric!r}; log it in the "
            f"script (run.log({settings.metric!r}, value) or mlflow.log_metric)"
        )
    for name, output in wanted.items():
        assert winner is not None
        if output.training is None:
            run = records.runs.get(context.workspace.id, winner.run_id)
            found = run.execution.get("outputs", {}).get(name)
            if found is None or winner.state != status.COMPLETED:
                raise EngineError(f"the best trial {winner.run_id} has not completed: its output {name!r} is missing")
            take(host, context, step, {name: found})
        elif str(output.training.get("type", "")).lower() in _METRICS:
            _write(_place(host, context, step, name, output), json.dumps(_metrics(records, context, trials)))
        else:
            _copy(host, context, winner, name, output, _place(host, context, step, name, output))


def _place(host: Host, context: StepContext, step: Step, name: str, output: Output) -> Path:
    path = output.path.replace("{run-id}", context.run_id).replace("{output-name}", name)
    # Not a folder that a step could write into: what comes here is written aside and renamed.
    place = host.output_place(context, name, replace(output, type="any"), path)
    context.outputs[name] = OutputPlace(place.datastore, place.path, place.final)
    step.outputs[name] = {"datastore": place.datastore, "path": place.path}
    place.final.parent.mkdir(parents=True, exist_ok=True)
    return place.final


def _metrics(records: Records, context: StepContext, trials: Sequence[Trial]) -> dict[str, dict[str, list[Any]]]:
    found: dict[str, dict[str, list[Any]]] = {}
    for trial in trials:
        metrics = found[trial.run_id] = {}
        for value in records.metrics.values(context.workspace.id, trial.run_id):
            cells = list(value.data.values())
            metrics.setdefault(value.name, []).append(cells[0] if len(cells) == 1 else value.data)
    return found


def _write(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def _copy(host: Host, context: StepContext, winner: Trial, name: str, output: Output, target: Path) -> None:
    file = output.training.get("model_file") or "outputs"
    source = host.artifact(replace(context, run_id=winner.run_id), file)
    if not source.exists():
        raise EngineError(f"the output {name!r} is {file!r} of the best trial {winner.run_id}, which did not write it")
    if target.is_dir():
        shutil.rmtree(target)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        aside = target.with_name(f".{target.name}.new")
        shutil.copy2(source, aside)
        aside.replace(target)
