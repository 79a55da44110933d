"""The noise floor: what differs between runs of the very same pipeline is its own randomness.

The left side runs several times more. How far its own runs are apart is the floor; the right side is within it when it
is no farther from the nearest of them. So a difference counts only where it is larger than chance has shown to be.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from amlbridge.compare.result import Check, Report, Verdict

#: Step, layer, subject and part -> a distance.
Spread = Mapping[tuple[str, str, str, str], float]
_NOISY = frozenset({"metrics", "outputs", "assets", "logs"})


def apply(report: Report, against: Sequence[Report], among: Sequence[Report]) -> Report:
    """The report with the verdicts that the floor allows. ``against``: each further run of the left against the right;
    ``among``: the runs of the left against each other. All have the left's names for steps first."""
    floor = _largest(among)
    nearest = [_spread(item) for item in (report, *against)]

    def judged(step: str, check: Check) -> Check:
        if check.verdict is not Verdict.DIFFERENT or check.layer not in _NOISY or not check.spread:
            return check
        # The distance from the nearest run; one without a difference in this part is at no distance.
        parts = {part: min(item.get((step, check.layer, check.subject, part), 0.0) for item in nearest)
                 for part in check.spread}  # fmt: skip
        limits = {part: floor.get((step, check.layer, check.subject, part), 0.0) for part in parts}
        if any(size > limits[part] for part, size in parts.items()):
            facts = {**check.facts, "noise floor": _words(limits)}
            return dataclasses.replace(check, facts=facts)
        reason = f"{check.reason}; runs of the left differ from each other as much ({_words(limits)})"
        return dataclasses.replace(check, verdict=Verdict.NOISE, reason=reason)

    steps = tuple(
        dataclasses.replace(step, checks=tuple(judged(step.left or step.right, check) for check in step.checks))
        for step in report.steps
    )
    pipeline = tuple(judged("", check) for check in report.pipeline)
    rules = (*report.rules, f"noise floor: of {len(against) + 1} runs of the left")
    return dataclasses.replace(report, steps=steps, pipeline=pipeline, rules=rules)


def _spread(report: Report) -> Spread:
    checks = [("", check) for check in report.pipeline]
    checks += [(step.left or step.right, check) for step in report.steps for check in step.checks]
    found: dict[tuple[str, str, str, str], float] = {}
    for step, check in checks:
        if check.verdict is Verdict.DIFFERENT:
            for part, size in check.spread.items():
                found[step, check.layer, check.subject, part] = size
    return found


def _largest(reports: Sequence[Report]) -> Spread:
    found: dict[tuple[str, str, str, str], float] = {}
    for report in reports:
        for key, size in _spread(report).items():
            found[key] = max(found.get(key, 0.0), size)
    return found


def _words(limits: Mapping[str, float]) -> str:
    shown = [f"{part or 'value'} {size:.3g}" for part, size in list(limits.items())[:5]]
    return ", ".join(shown) + (" …" if len(limits) > 5 else "")
