"""All runs of one script against all runs of another: each with the one that was submitted at the same place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from amlbridge.compare import models_registered, noise, published, runs
from amlbridge.compare.published import Published
from amlbridge.compare.recorded import Recorded
from amlbridge.compare.references import References
from amlbridge.compare.result import Check, Report, Verdict, different, not_compared, worst
from amlbridge.compare.rules import Rules
from amlbridge.engine.plan import Plan


@dataclass(frozen=True)
class Ran:
    """What one side's script came to. ``code`` is its exit code and ``said`` its last words on standard error;
    ``runs`` are what it has submitted and ``published`` what it has published, in this order; ``began`` is when it was
    started, in seconds since the epoch."""

    name: str
    code: int
    runs: tuple[Recorded, ...]
    said: str = ""
    began: float = 0.0
    published: tuple[Published, ...] = ()


@dataclass(frozen=True)
class Pair:
    """One run, or one published pipeline, of the left and its partner. ``plans`` is None where there is nothing to
    draw."""

    name: str
    report: Report
    plans: tuple[Plan, Plan] | None


@dataclass(frozen=True)
class Note:
    """What a reader has to know beside the verdict: a place in the code that stayed SDK v1 or needs a look."""

    place: str
    status: str
    text: str


@dataclass(frozen=True)
class Verification:
    """Whether a migrated script does what it did. ``checks`` belong to the scripts and to no run."""

    script: str
    pairs: tuple[Pair, ...]
    checks: tuple[Check, ...] = ()
    notes: tuple[Note, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of everything; a comparison of nothing is none."""
        found = [check.verdict for check in self.checks] + [pair.report.verdict for pair in self.pairs]
        return worst(found) if found else Verdict.NOT_COMPARED


def compare(
    script: str, left: Ran, right: Ran, rules: Rules, again: Sequence[Ran] = (), notes: Iterable[Note] = ()
) -> Verification:
    """Every run of the left against its partner. ``again``: further times that the left was run, for the noise floor;
    each has to have submitted as many runs."""
    checks = [*_ends(left, right), *_number(left, right), *_unlike(left, again)]
    again = [ran for ran in again if len(ran.runs) == len(left.runs)]
    pairs = []
    for one, other in match(left.runs, right.runs):
        if one is None or other is None:
            pairs.append(_alone(one, other, rules))
            continue
        index = left.runs.index(one)
        report = _with_noise(one, other, [ran.runs[index] for ran in again], rules)
        pairs.append(Pair(_name(one), report, (one.plan, other.plan)))
    pairs += [Pair(*item) for item in published.compare(left.published, right.published, rules)]
    checks += _assets(left, right, rules)
    kept = tuple(
        check for check in checks if not any(item.fits(("script", "pipeline"), check) for item in rules.ignored)
    )
    words = rules.words()
    if again:
        words = (*words, f"noise floor: of {len(again) + 1} runs of the left")
    return Verification(script, tuple(pairs), kept, tuple(notes), words)


def match(left: Sequence[Recorded], right: Sequence[Recorded]) -> list[tuple[Recorded | None, Recorded | None]]:
    """The pairs, in the order of the left: by the order of submits; where one side has more, first within the
    experiment of the same name."""
    if len(left) == len(right):
        return list(zip(left, right, strict=True))
    free = list(right)
    partners: dict[int, Recorded] = {}
    for only_same in (True, False):
        for index, one in enumerate(left):
            if index in partners:
                continue
            found = next((other for other in free if not only_same or _experiment(one) == _experiment(other)), None)
            if found is not None:
                partners[index] = found
                free.remove(found)
    return [*((one, partners.get(index)) for index, one in enumerate(left)), *((None, other) for other in free)]


def _experiment(side: Recorded) -> str:
    return side.place.records.experiments.get(side.place.workspace.id, side.run.experiment_id).name


def _name(side: Recorded) -> str:
    return f"{_experiment(side)}: {side.run.display_name or side.run.name or side.run.kind}"


def _alone(one: Recorded | None, other: Recorded | None, rules: Rules) -> Pair:
    there = one or other
    assert there is not None
    name, missing = _name(there), "right" if other is None else "left"
    shown = (name, "(missing)") if other is None else ("(missing)", name)
    check = different("status", "run", f"nothing like it was submitted on the {missing}", *shown)
    titles = [side.title if side is not None else "(missing)" for side in (one, other)]
    return Pair(name, Report(titles[0], titles[1], (), (check,), rules.words()), None)


def _with_noise(left: Recorded, right: Recorded, more: Sequence[Recorded], rules: Rules) -> Report:
    report = runs.compare_runs(left, right, rules)
    if not more:
        return report
    against = [runs.compare_runs(run, right, rules) for run in more]
    among = [runs.compare_runs(one, other, rules) for one, other in combinations([left, *more], 2)]
    return noise.apply(report, against, among)


def _ends(left: Ran, right: Ran) -> Iterable[Check]:
    subject = "exit code of the script"
    if left.code == right.code == 0:
        yield Check("status", subject)
    elif left.code == 0:
        yield different("status", subject, f"the migrated script has failed: {right.said}", 0, right.code)
    elif right.code == 0:
        yield different("status", subject, f"the script has failed before its migration: {left.said}", left.code, 0)
    else:
        said = left.said if left.said == right.said else f"{left.said}; migrated: {right.said}"
        yield not_compared("status", subject, f"it fails with and without its migration: {said}")


def _number(left: Ran, right: Ran) -> Iterable[Check]:
    if not left.runs and not right.runs:
        if left.published or right.published:
            return
        yield not_compared(
            "status", "runs", "neither side has submitted or published anything: there is nothing to compare"
        )
    elif len(left.runs) != len(right.runs):
        yield different("status", "runs", "not as many runs were submitted", len(left.runs), len(right.runs))


def _unlike(left: Ran, again: Sequence[Ran]) -> Iterable[Check]:
    for ran in again:
        if len(ran.runs) != len(left.runs):
            reason = f"{ran.name} has submitted {len(ran.runs)} runs where the first had {len(left.runs)}"
            yield not_compared("status", "noise floor", f"{reason}: it cannot serve for the noise floor")


def _assets(left: Ran, right: Ran, rules: Rules) -> Iterable[Check]:
    """The models that the scripts have registered by themselves, when no run was under way."""
    found = []
    for ran in (left, right):
        claimed = {(model.name, model.version) for run in ran.runs for model in run.models()}
        models = {
            model.name: model
            for run in ran.runs[:1]
            for model in models_registered.since(run.place, ran.began)
            if (model.name, model.version) not in claimed
        }
        found.append(models)
    if left.runs and right.runs:
        places = left.runs[0].place, right.runs[0].place
        references = References(left.runs[0].origin({}), right.runs[0].origin({}))
        yield from models_registered.compare_models(found[0], found[1], places, references, rules)
