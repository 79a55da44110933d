"""What two scripts have published to be called later: published pipelines of SDK v1, and the pipeline components that
SDK v2 deploys to batch endpoints. Only their graphs can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from amlbridge.compare import plans
from amlbridge.compare.parameter_names import spoken
from amlbridge.compare.result import Check, Report, different, not_compared
from amlbridge.compare.rules import Rules
from amlbridge.compare.runs import ignore
from amlbridge.engine.plan import Plan


@dataclass(frozen=True)
class Published:
    """``plan`` is None where the graph cannot be read, for the reason ``why``."""

    name: str
    plan: Plan | None
    why: str = ""


def compare(
    left: Sequence[Published], right: Sequence[Published], rules: Rules
) -> Iterator[tuple[str, Report, tuple[Plan, Plan] | None]]:
    """Each with its partner, in the order in which they were published: its name, the report and the graphs."""
    for one, other in zip_longest(left, right):
        there = one or other
        assert there is not None
        name = f"published: {there.name}"
        titles = _title(one), _title(other)
        if one is None or other is None:
            reason = f"nothing like it was published on the {'left' if one is None else 'right'}"
            check = different("graph", "published pipeline", reason, *titles)
            yield name, _alone(titles, check, rules), None
        elif one.plan is None or other.plan is None:
            check = not_compared("graph", "published pipeline", one.why or other.why)
            yield name, _alone(titles, check, rules), None
        else:
            yield name, _graphs(one.plan, other.plan, rules, titles), (one.plan, other.plan)


def _title(item: Published | None) -> str:
    return "(missing)" if item is None else f"published {item.name}"


def _alone(titles: tuple[str, str], check: Check, rules: Rules) -> Report:
    return ignore(Report(*titles, (), (check,), rules.words()), rules)


def _graphs(left: Plan, right: Plan, rules: Rules, titles: tuple[str, str]) -> Report:
    """The graphs but for the defaults of data: a component of SDK v2 has none, each call names its data."""
    report = plans.compare_plans(_without_data(left), _without_data(right), rules, titles)
    named = {spoken(item.name) for item in right.data_parameters}
    told = tuple(
        Check("graph", f"data parameter {item.name}", facts={"left out": f"{item.default.uri}: SDK v2 has no default"})
        for item in left.data_parameters
        if spoken(item.name) in named and item.default is not None
    )
    return ignore(replace(report, pipeline=(*report.pipeline, *told)), rules)


def _without_data(plan: Plan) -> Plan:
    return replace(plan, data_parameters=tuple(replace(item, default=None) for item in plan.data_parameters))
