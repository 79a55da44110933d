"""What two scripts have published to be called later: published pipelines of SDK v1, and the pipeline components that
SDK v2 deploys to batch endpoints. Their graphs are compared, and the data that these name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from amlbridge.compare import named_data, plans
from amlbridge.compare.parameter_names import spoken
from amlbridge.compare.place import Place
from amlbridge.compare.plain import plain
from amlbridge.compare.references import Origin, References
from amlbridge.compare.result import Check, Report, Verdict, different, not_compared
from amlbridge.compare.rules import Rules
from amlbridge.compare.runs import ignore
from amlbridge.compare.steps import Sides
from amlbridge.engine.plan import DataReference, Plan


@dataclass(frozen=True)
class Published:
    """``plan`` is None where the graph cannot be read, for the reason ``why``; ``place`` is where the data lie that it
    names, None where that is not known."""

    name: str
    plan: Plan | None
    why: str = ""
    place: Place | None = None


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
            report = _with_data(_graphs(one.plan, other.plan, rules, titles), one, other, rules)
            yield name, report, (one.plan, other.plan)


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


def _with_data(report: Report, left: Published, right: Published, rules: Rules) -> Report:
    """The report with the files of data that are named in two ways."""
    if left.plan is None or right.plan is None or left.place is None or right.place is None:
        return report
    sides, _ = plans.pair(plain(_without_data(left.plan)), plain(_without_data(right.plan)))
    references = References(*(Origin({str(place.home): "<state folder>"}) for place in (left.place, right.place)))
    steps = list(report.steps)  # those of both sides come first, in the order of the pairs
    for index, pair in enumerate(sides.nodes.items()):
        places = (left.place, right.place)
        checks = [
            item for check in steps[index].checks for item in _data(check, pair, places, sides, rules, references)
        ]
        steps[index] = replace(steps[index], checks=tuple(checks))
    return ignore(replace(report, steps=tuple(steps)), rules)


def _data(
    check: Check, pair: tuple[str, str], places: tuple[Place, Place], sides: Sides, rules: Rules, references: References
) -> Iterator[Check]:
    name = check.subject.removeprefix("input ")
    partner = sides.ports[pair[0]].inputs.get(name)
    if check.verdict is Verdict.NOT_COMPARED and partner is not None:
        ours, theirs = sides.left.node(pair[0]).inputs[name].source, sides.right.node(pair[1]).inputs[partner].source
        if isinstance(ours, DataReference) and isinstance(theirs, DataReference):
            yield from named_data.compare(check, (places[0], ours), (places[1], theirs), rules, references)
            return
    yield check


def _without_data(plan: Plan) -> Plan:
    return replace(plan, data_parameters=tuple(replace(item, default=None) for item in plan.data_parameters))
