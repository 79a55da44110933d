"""Filters: what the clients write is read, anything else is a 400, and SQL agrees with a plain reading of the rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.store import Records
from amlbridge.wire import odata
from amlbridge.wire.errors import ServiceError
from amlbridge.wire.odata import MISSING, Comparison, Kind, Literal, Logic, Membership, Missing, Not, Value
from amlbridge.wire.run_filter import SqlFilter, order_by


def c(field: str, operator: str, text: str | None) -> Comparison:
    return Comparison(field, operator, Literal(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Status eq Running", c("Status", "eq", "Running")),
        ('(Tags/k eq "v")', c("Tags/k", "eq", "v")),
        ("Tags/my key (new) eq null", c("Tags/my key (new)", "eq", None)),
        ('Tags/k eq "say "hi" and go"', c("Tags/k", "eq", 'say "hi" and go')),
        ("""Tags/k eq '["a","b"]'""", c("Tags/k", "eq", '["a","b"]')),
        ("name eq 'it''s'", c("name", "eq", "it's")),
        ('Tags/k eq ""', c("Tags/k", "eq", "")),
        ("(CreatedUtc ge 2026-11-20 10:00:00.5+00:00)", c("CreatedUtc", "ge", "2026-11-20 10:00:00.5+00:00")),
        ("contains(Tags/k, 'a,b')", c("Tags/k", "contains", "a,b")),
        ("Status IN ('a', b)", Membership("Status", (Literal("a"), Literal("b")))),
        ("RunId eq a or RunId eq b", Membership("RunId", (Literal("a"), Literal("b")))),
        ("not (Status eq a)", Not(c("Status", "eq", "a"))),
        (
            "(RunType eq x or Properties/azureml.runsource eq x)",
            Logic("or", (c("RunType", "eq", "x"), c("Properties/azureml.runsource", "eq", "x"))),
        ),
        (
            "a eq 1 or b eq 2 and c eq 3",
            Logic("or", (c("a", "eq", "1"), Logic("and", (c("b", "eq", "2"), c("c", "eq", "3"))))),
        ),
    ],
)
def test_what_clients_write(text: str, expected: odata.Expression) -> None:
    assert odata.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Status",
        "Status eq",
        "Status is x",
        "(Status eq x",
        "Status eq x)",
        "Status eq x y",
        'Status eq "x',
        "eq x",
        "Status in ()",
        "Status in (a,)",
        "contains(Status)",
        "contains(Status, null)",
        "Status eq x and",
        "and Status eq x",
        "not",
        "Status eq a\x00",
        "(" * 200 + "Status eq a" + ")" * 200,
        " and ".join(["Status ne a"] * 500),
        "x" * 70_000,
    ],
)
def test_malformed_is_a_400(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        odata.parse(text)
    assert caught.value.status == 400


@given(st.text(alphabet="()'\" ,/azeqnort01\n-:", max_size=60))
@settings(max_examples=500)
def test_any_text_parses_or_is_a_400(text: str) -> None:
    try:
        odata.parse(text)
    except ServiceError as error:
        assert error.status == 400


@pytest.mark.parametrize(
    "text",
    ["Nope eq 1", "RunNumber eq x", "RunNumber gt nan", "Hidden eq maybe", "CreatedUtc gt yesterday", "Tags/ eq a"],
)
def test_a_field_or_value_that_makes_no_sense_is_a_400(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        SqlFilter("sqlite").conditions(text)
    assert caught.value.status == 400


@pytest.mark.parametrize("text", ["Nope desc", "Status sideways", "Status desc desc", ",", "Tags/k asc"])
def test_an_order_that_makes_no_sense_is_a_400(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        order_by(text)
    assert caught.value.status == 400


# -- SQL against the rules --------------------------------------------------------------------------------------------

_TEXT = st.sampled_from(["", "a", "A", "ab", "b", "it's", 'q"q', "%", "_", "é", "a b", "null", "true", "10"])
_KEYS = st.sampled_from(["k", "two words", 'q"k', "a.b", "$", "é", "K"])
_MAPS = st.dictionaries(_KEYS, st.none() | _TEXT, max_size=4)
_OPERATORS = st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"])
_FUNCTIONS = st.sampled_from(["contains", "startswith", "endswith"])
_ROWS = st.fixed_dictionaries(
    {
        "tags": _MAPS,
        "properties": _MAPS,
        "name": st.none() | _TEXT,
        "started": st.none() | st.sampled_from([0.0, 1.5, 1.8e9]),
        "hidden": st.booleans(),
        "kind": st.sampled_from(["pipeline", "interactive"]),
        "extra": st.sampled_from([{}, {"runType": "mine"}, {"runTypeV2": {"orchestrator": "a", "traits": ["a", "b"]}}]),
    }
)
_TEXT_FIELDS = st.sampled_from(["Name", "RunType", "RunTypeV2/Orchestrator", "RunTypeV2/Traits/a"]) | st.builds(
    "{}/{}".format, st.sampled_from(["Tags", "properties"]), _KEYS
)


def _quoted(text: str | None) -> str:
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def _expressions() -> st.SearchStrategy[str]:
    leaf = st.one_of(
        st.builds(lambda f, o, v: f"{f} {o} {_quoted(v)}", _TEXT_FIELDS, _OPERATORS, st.none() | _TEXT),
        st.builds(lambda n, f, v: f"{n}({f}, {_quoted(v)})", _FUNCTIONS, _TEXT_FIELDS, _TEXT),
        st.builds(
            lambda f, v: f"{f} in ({', '.join(map(_quoted, v))})",
            _TEXT_FIELDS,
            st.lists(st.none() | _TEXT, min_size=1, max_size=3),
        ),
        st.builds("RunNumber {} {}".format, _OPERATORS, st.integers(0, 5)),
        st.builds(
            "StartTimeUtc {} {}".format, _OPERATORS, st.sampled_from(["null", "1970-01-01T00:00:01.5Z", "2100-01-01"])
        ),
        st.builds("Hidden {} {}".format, st.sampled_from(["eq", "ne"]), st.sampled_from(["true", "False", "null"])),
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds("({} and {})".format, inner, inner),
            st.builds("({} or {})".format, inner, inner),
            st.builds("not ({})".format, inner),
        ),
        max_leaves=6,
    )


def _lookup(run: Run) -> odata.Lookup:
    """The fields of a run in plain Python, as the protocol names them."""
    types = {"pipeline": "azureml.PipelineRun"}
    second: dict[str, Any] = run.extra.get("runTypeV2") or {}

    def find(field: str) -> tuple[Kind, Value | Missing]:
        group, _, key = field.partition("/")
        if group.lower() in ("tags", "properties"):
            return Kind.TEXT, (run.tags if group == "Tags" else run.properties).get(key, MISSING)
        if field == "RunTypeV2/Traits/a":
            return Kind.TEXT, "a" if "a" in second.get("traits", []) else MISSING
        plain: dict[str, tuple[Kind, Value]] = {
            "Name": (Kind.TEXT, run.name),
            "RunType": (Kind.TEXT, run.extra.get("runType") or types.get(run.kind)),
            "RunTypeV2/Orchestrator": (Kind.TEXT, second.get("orchestrator")),
            "RunNumber": (Kind.NUMBER, float(run.number)),
            "StartTimeUtc": (Kind.TIME, run.started),
            "Hidden": (Kind.FLAG, run.hidden),
        }
        return plain[field]

    return find


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    found = Records(f"sqlite:///{tmp_path_factory.mktemp('odata')}/records.db")
    yield found
    found.close()


@given(rows=st.lists(_ROWS, min_size=1, max_size=5), text=_expressions())
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_means_what_the_rules_say(records: Records, rows: list[dict[str, Any]], text: str) -> None:
    workspace = records.workspaces.ensure("s", "g", f"w{len(records.workspaces.list())}").id
    experiment = records.experiments.ensure(workspace, "e").id
    runs = records.runs.add_many(workspace, experiment, [{**row, "id": f"r{n}"} for n, row in enumerate(rows)])
    expression = odata.parse(text)
    expected = {run.id for run in runs if odata.evaluate(expression, _lookup(run))}
    found = records.runs.query(workspace, *SqlFilter("sqlite").conditions(text))
    assert {run.id for run in found} == expected


def test_runs_without_a_time_come_last_when_newest_first(tmp_path: Path) -> None:
    records = Records(f"sqlite:///{tmp_path}/records.db")
    workspace = records.workspaces.ensure("s", "g", "w").id
    experiment = records.experiments.ensure(workspace, "e").id
    for name, started in (("a", None), ("b", 1.0), ("c", 2.0), ("d", 2.0)):
        records.runs.add(workspace, experiment, name, "interactive", started=started)
    newest = records.runs.query(workspace, order_by=order_by("StartTimeUtc desc"))
    assert [run.id for run in newest] == ["d", "c", "b", "a"]
    records.close()
