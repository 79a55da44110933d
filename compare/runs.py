"""Run against run: what was to run, what the steps received, and what came of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

from amlbridge.compare import models_registered, named_data, plans, received, written_tables
from amlbridge.compare.files.compare import compare_files, compare_folders, compare_paths
from amlbridge.compare.metrics import compare_metrics
from amlbridge.compare.plain import plain
from amlbridge.compare.recorded import Recorded, is_reused
from amlbridge.compare.references import References
from amlbridge.compare.result import Check, Report, StepResult, Verdict, different, not_compared
from amlbridge.compare.rules import Rules
from amlbridge.compare.steps import Sides
from amlbridge.engine.errors import EngineError
from amlbridge.engine.plan import Node, NodePort, Plan
from amlbridge.engine.records.runs import COMPLETED, FAILED, Run

_NO_SEED = (
    "the sweep has no seed and tries other values each time: give it one (SDK v1: properties={'seed': 1} of the "
    "sampling), or say --baseline 3"
)


def compare_runs(left: Recorded, right: Recorded, rules: Rules) -> Report:
    """Every layer of two runs. What cannot be compared says why, and the rest is compared all the same."""
    ours, theirs = plain(_in_effect(left)), plain(_in_effect(right))
    sides, _found = plans.pair(ours, theirs)
    report = plans.compare_plain(ours, theirs, rules, (left.title, right.title))
    left, right = (
        dataclasses.replace(side, plan=meant.plan, moved=meant.moved) for side, meant in ((left, ours), (right, theirs))
    )
    labels = [{node: left.plan.node(node).name for node in sides.nodes}]
    labels.append({other: left.plan.node(one).name for one, other in sides.nodes.items()})
    references = References(left.origin(labels[0]), right.origin(labels[1]))
    pairs = list(sides.nodes.items())
    steps = tuple(
        _step(result, *pairs[index], left, right, sides, references, rules) if index < len(pairs) else result
        for index, result in enumerate(report.steps)
    )
    pipeline = (*report.pipeline, *_whole(left, right, references, rules))
    return ignore(dataclasses.replace(report, steps=steps, pipeline=pipeline), rules)


def _in_effect(side: Recorded) -> Plan:
    """The Plan with the values that its parameters had in this run: a call may have given others than the defaults, and
    the job that an endpoint of SDK v2 submits has what it was called with as its defaults."""
    given = side.run.execution.get("parameters") or {}
    parameters = tuple(
        dataclasses.replace(item, default=given[item.name], required=False) if item.name in given else item
        for item in side.plan.parameters
    )
    return dataclasses.replace(side.plan, parameters=parameters)


def ignore(report: Report, rules: Rules) -> Report:
    """The report without what the user ignores, for the reasons that stand in its rules."""

    def kept(names: tuple[str, ...], checks: tuple[Check, ...]) -> tuple[Check, ...]:
        return tuple(check for check in checks if not any(item.fits(names, check) for item in rules.ignored))

    steps = tuple(
        dataclasses.replace(step, checks=kept((step.left, step.right, step.name), step.checks)) for step in report.steps
    )
    return dataclasses.replace(report, steps=steps, pipeline=kept(("pipeline",), report.pipeline))


def _whole(left: Recorded, right: Recorded, references: References, rules: Rules) -> Iterator[Check]:
    yield from _status(left.run, right.run)
    single = left.run.id in {run.id for run in left.steps.values()}
    if not single:
        yield from _metrics(left, right, left.run, right.run, references, rules)
    if not left.plan.nodes and not right.plan.nodes:
        yield from _artifacts(left, right, left.run, right.run, references, rules)
    yield from models_registered.compare(left, right, references, rules)


def _step(
    result: StepResult,
    one: str,
    other: str,
    left: Recorded,
    right: Recorded,
    sides: Sides,
    references: References,
    rules: Rules,
) -> StepResult:
    missing = [name for name, side, node in (("left", left, one), ("right", right, other)) if node not in side.steps]
    if missing:
        check = not_compared("status", "end", f"there is no record of the step on the {missing[0]}")
        return dataclasses.replace(result, checks=(*result.checks, check))
    ours, theirs = left.steps[one], right.steps[other]
    checks = [*_data(result, one, left, right, sides, references, rules), *_status(ours, theirs)]
    if left.plan.node(one).kind == "command" and "attempts" in ours.execution and "attempts" in theirs.execution:
        checks += received.compare(ours, theirs, sides.ports[one], references, rules)
    if ours.status == theirs.status == COMPLETED:
        found = [
            *_metrics(left, right, ours, theirs, references, rules),
            *_outputs(one, other, left, right, sides, references, rules),
            *_artifacts(left, right, ours, theirs, references, rules),
        ]
        checks += [by_chance(check, left.plan.node(one)) for check in found]
        if rules.logs:
            checks.append(_log(one, other, left, right, references, rules))
    return dataclasses.replace(result, checks=tuple(checks), facts={**result.facts, **_facts(ours, theirs)})


def by_chance(check: Check, step: Node) -> Check:
    """A check of what a step gave; a difference says so where the step is a sweep that tries other values each time."""
    sweep = step.options.get("sweep")
    drawn = isinstance(sweep, Mapping) and sweep.get("sampler") != "grid" and sweep.get("seed") is None
    if check.verdict is not Verdict.DIFFERENT or not drawn:
        return check
    return dataclasses.replace(check, reason=f"{check.reason}; {_NO_SEED}")


def _facts(left: Run, right: Run) -> dict[str, str]:
    facts = {"duration": f"{_seconds(left)} and {_seconds(right)}"}
    reused = [side for side, run in (("left", left), ("right", right)) if is_reused(run)]
    if reused:
        facts["reused"] = f"an earlier run's results on the {' and the '.join(reused)}"
    return facts


def _seconds(run: Run) -> str:
    if run.started is None or run.ended is None:
        return "unknown"
    return f"{run.ended - run.started:.1f} s"


def _status(left: Run, right: Run) -> Iterator[Check]:
    for side, run in (("left", left), ("right", right)):
        if not run.finished:
            yield not_compared("status", "end", f"the run on the {side} has not ended: it is {run.status}")
            return
    if left.status != right.status:
        shown = (f"{run.status}{_why(run)}" for run in (left, right))
        yield different("status", "end", "they did not end alike; what came of them is not compared", *shown)
    elif left.status != COMPLETED:
        yield not_compared("status", "end", f"neither has completed: {left.status}{_why(left)}")
    else:
        yield Check("status", "end")


def _why(run: Run) -> str:
    message = run.error.get("message", "") if isinstance(run.error, dict) else ""
    return f": {message}" if run.status == FAILED and message else ""


def _data(
    result: StepResult, one: str, left: Recorded, right: Recorded, sides: Sides, references: References, rules: Rules
) -> Iterator[Check]:
    """The checks of the graph, in which data that are named in two ways are compared by their content."""
    node, other = left.plan.node(one), sides.nodes[one]
    unsettled = {
        f"input {name}": (name, sides.ports[one].inputs[name])
        for name, item in node.inputs.items()
        if name in sides.ports[one].inputs and not isinstance(item.source, NodePort)
    }
    for check in result.checks:
        if check.verdict is Verdict.SAME or check.subject not in unsettled:
            yield check
            continue
        names = unsettled[check.subject]
        found = left.reference(one, names[0]), right.reference(other, names[1])
        if found[0] is None or found[1] is None:
            yield check
            continue
        yield from named_data.compare(check, (left.place, found[0]), (right.place, found[1]), rules, references)


def _metrics(
    left: Recorded, right: Recorded, ours: Run, theirs: Run, references: References, rules: Rules
) -> Iterator[Check]:
    values = [side.place.records.metrics.values(side.place.workspace.id, run.id) for side, run in
              ((left, ours), (right, theirs))]  # fmt: skip

    def artifact(side: int, address: str) -> Path | None:
        recorded = (left, right)[side]
        # aml://artifactId/ExperimentRun/dcid.{run}/{path}
        run, _, path = address.partition("dcid.")[2].partition("/")
        return recorded.place.artifact(run, path) if run and path else None

    def logged(name: str) -> Path:
        return right.place.artifact(theirs.id, name)

    yield from compare_metrics(values[0], values[1], rules, references, artifact, logged)


def _outputs(
    one: str, other: str, left: Recorded, right: Recorded, sides: Sides, references: References, rules: Rules
) -> Iterator[Check]:
    for name, partner in sides.ports[one].outputs.items():
        subject = f"output {name}"
        try:
            paths = left.output(one, name), right.output(other, partner)
        except EngineError as error:
            yield not_compared("outputs", subject, str(error))
            continue
        if paths[0] is None or paths[1] is None:
            side = "left" if paths[0] is None else "right"
            yield not_compared("outputs", subject, f"where it lies on the {side} is not recorded")
        else:
            described = [NodePort(node, port) in tables for node, port, tables in
                         ((one, name, sides.tables[0]), (other, partner, sides.tables[1]))]  # fmt: skip
            # Of one that only one side describes, the graph's checks tell.
            left_out = {written_tables.FILE} if described[0] != described[1] else set()
            yield from compare_paths(paths[0], paths[1], subject, rules, references, left_out=left_out)


def _artifacts(
    left: Recorded, right: Recorded, ours: Run, theirs: Run, references: References, rules: Rules
) -> Iterator[Check]:
    """The folder `outputs` of the run itself."""
    paths = left.place.artifact(ours.id, "outputs"), right.place.artifact(theirs.id, "outputs")
    if any(path.is_dir() and any(path.iterdir()) for path in paths):
        yield from compare_folders(*paths, "outputs folder", rules, references)


def _log(one: str, other: str, left: Recorded, right: Recorded, references: References, rules: Rules) -> Check:
    logs = left.log(one), right.log(other)
    if logs[0] is None or logs[1] is None:
        return not_compared("logs", "log", f"there is no log on the {'left' if logs[0] is None else 'right'}")
    return compare_files(logs[0], logs[1], "log", rules, references, "logs")
