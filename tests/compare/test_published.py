"""What was published: graphs against graphs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from amlbridge.compare.place import Place
from amlbridge.compare.published import Published, compare
from amlbridge.compare.result import Verdict
from amlbridge.compare.rules import Rules, parse_ignored
from amlbridge.compare.series import Ran, Verification
from amlbridge.compare.series import compare as compare_series
from amlbridge.engine.plan import (
    Argument,
    Command,
    DataParameter,
    DataParameterRef,
    DataReference,
    Input,
    InputRef,
    Node,
    Parameter,
    Plan,
    Value,
)
from tests.support.engine import Engine

_CALL = Command((Argument((Value("--table"),)), Argument((InputRef("t"),))), "bill.py")


def _plan(default: str | None, quantity: object = 5, script: str = "bill.py") -> Plan:
    data = DataReference(default) if default else None
    command = dataclasses.replace(_CALL, script=script)
    node = Node("n", "bill", command=command, inputs={"t": Input(DataParameterRef("orders"))})
    return Plan((node,), (Parameter("quantity", "int", quantity),), (DataParameter("orders", default=data),))  # type: ignore[arg-type]


V1, V2 = _plan("azureml://saved_datasets/1"), _plan("azureml://datastores/workspaceblobstore/paths/orders", "5")


def _verified(*sides: tuple[Published, ...], rules: Rules | None = None) -> Verification:
    left, right = (Ran(str(index), 0, (), published=side) for index, side in enumerate(sides))
    return compare_series("publish.py", left, right, rules or Rules())


def test_graphs_are_compared_but_for_the_defaults_of_data() -> None:
    found = _verified((Published("billing", V1),), (Published("billing", V2),))
    assert found.verdict is Verdict.SAME
    (pair,) = found.pairs
    assert (pair.name, pair.plans) == ("published: billing", (V1, V2))
    assert [check.facts for check in pair.report.pipeline if check.subject == "data parameter orders"] == [
        {"left out": "azureml://saved_datasets/1: SDK v2 has no default"}
    ]
    for other, subject in ((_plan(None, 6), "default of parameter quantity"), (_plan(None, 5, "sum.py"), "script")):
        changed = _verified((Published("billing", V1),), (Published("billing", other),))
        assert changed.verdict is Verdict.DIFFERENT
        wrong = [check for _, check in changed.pairs[0].report.checks() if check.verdict is Verdict.DIFFERENT]
        assert [check.subject for check in wrong] == [subject]
    accepted = Rules(ignored=(parse_ignored("pipeline/graph/default of*: the new release has another default"),))
    assert _verified((Published("b", V1),), (Published("b", _plan(None, 6)),), rules=accepted).verdict is Verdict.SAME


def test_what_one_side_lacks_or_nobody_can_read() -> None:
    two = (Published("billing", V1), Published("nightly", V1))
    found = _verified(two, (Published("billing", V2),))
    assert [pair.report.verdict for pair in found.pairs] == [Verdict.SAME, Verdict.DIFFERENT]
    assert found.pairs[1].report.pipeline[0].reason == "nothing like it was published on the right"
    (name, report, plans), = compare([Published("b", None, "no graph")], [Published("b", V2)], Rules())  # fmt: skip
    assert (name, report.verdict, plans) == ("published: b", Verdict.NOT_COMPARED, None)
    assert _verified((), ()).verdict is Verdict.NOT_COMPARED


@pytest.mark.parametrize(("text", "verdict"), [("a\n1\n", Verdict.SAME), ("a\n2\n", Verdict.DIFFERENT)])
def test_data_that_are_named_in_two_ways_are_compared_by_their_files(
    tmp_path: Path, text: str, verdict: Verdict
) -> None:
    engine = Engine(tmp_path / "state")

    def published(uri: str, content: str, kind: str) -> Published:
        file = tmp_path / f"{kind}.csv"
        file.write_text(content)
        node = Node("n", "bill", command=_CALL, inputs={"t": Input(DataReference(uri))})
        nothing: Any = None
        place = Place(engine.records, engine.workspace, engine.root, nothing, nothing, lambda _: [("x", file)], nothing)
        return Published("billing", Plan((node,)), place=place)

    left = published("azureml://saved_datasets/1", "a\n1\n", "dataset")
    right = published("azureml://datastores/workspaceblobstore/paths/orders", text, "asset")
    found = _verified((left,), (right,))
    assert found.verdict is verdict, list(found.pairs[0].report.checks())
    assert "input t: its file" in {check.subject for _, check in found.pairs[0].report.checks()}
    nowhere = dataclasses.replace(right, place=None)
    assert _verified((left,), (nowhere,)).verdict is Verdict.NOT_COMPARED
    engine.close()
