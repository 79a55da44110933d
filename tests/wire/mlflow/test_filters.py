"""The search language against MLflow's own parser and its own evaluation of filters."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.wire.errors import ServiceError
from amlbridge.wire.mlflow import filters
from amlbridge.wire.mlflow.filters import EXPERIMENTS, LOGGED_MODELS, MODELS, RUNS, VERSIONS, Clause, parse, parse_order
from amlbridge.wire.mlflow.matching import Subject, matches, sort

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mlflow.entities import Metric, Param, Run, RunData, RunInfo, RunTag
    from mlflow.exceptions import MlflowException
    from mlflow.utils.search_utils import SearchExperimentsUtils, SearchModelVersionUtils, SearchUtils

_KEYS = st.sampled_from(["acc", "a b", "val_loss", "x.y", "größe"])
_TEXTS = st.text("abAB ü1", max_size=4)
_PATTERNS = st.text("abAB%_", max_size=4)
_NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -1.5, 1e-3, 2e10]))
_ORDERED = st.sampled_from([">", ">=", "=", "!=", "<", "<="])


def _named(entity: str, key: str, quote: str) -> str:
    plain = key.isidentifier() and key.isascii()
    return f"{entity}.{key}" if plain and not quote else f"{entity}.{quote or '`'}{key}{quote or '`'}"


@st.composite
def _clauses(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["metric", "text", "attribute", "time", "ids"]))
    quote = draw(st.sampled_from(["", "`", '"']))
    mark = draw(st.sampled_from("'\""))
    if kind == "metric":
        name = _named(draw(st.sampled_from(["metric", "metrics"])), draw(_KEYS), quote)
        return f"{name} {draw(_ORDERED)} {draw(_NUMBERS)}"
    if kind == "time":
        name = draw(st.sampled_from(["start_time", "attributes.end_time", "attr.Created"]))
        return f"{name} {draw(_ORDERED)} {draw(st.integers(0, 3))}"
    if kind == "ids":
        ids = ", ".join(f"'{item}'" for item in draw(st.lists(st.sampled_from(["r1", "r2"]), min_size=1)))
        name = draw(st.sampled_from(["run_id", "attributes.run_id"]))
        return f"{name} {draw(st.sampled_from(['IN', 'NOT IN']))} ({ids})"
    entities = ["param", "params", "parameter", "tag", "tags"]
    name = _named(draw(st.sampled_from(entities)), draw(_KEYS), quote)
    if kind == "attribute":
        name = draw(st.sampled_from(["run_name", "attributes.status", "run.user_id", "attribute.artifact_uri"]))
    comparator = draw(st.sampled_from(["=", "!=", "LIKE", "ilike", "ILIKE"]))
    value = draw(_PATTERNS if "like" in comparator.lower() else _TEXTS)
    return f"{name} {comparator} {mark}{value}{mark}"


_FILTERS = st.lists(_clauses(), min_size=1, max_size=3).map(lambda items: " AND ".join(items))


@st.composite
def _runs(draw: st.DrawFn) -> Any:
    data = RunData(
        [Metric(key, draw(_NUMBERS), 0, 0) for key in draw(st.sets(_KEYS))],
        [Param(key, draw(_TEXTS)) for key in draw(st.sets(_KEYS))],
        [RunTag(key, draw(_TEXTS)) for key in draw(st.sets(_KEYS))],
    )
    info = RunInfo(
        draw(st.sampled_from(["r1", "r2", "r3"])),
        "1",
        draw(_TEXTS),
        draw(st.sampled_from(["RUNNING", "FINISHED"])),
        draw(st.integers(0, 3)),
        draw(st.none() | st.integers(0, 3)),
        "active",
        artifact_uri=draw(_TEXTS),
        run_id=None,
        run_name=draw(_TEXTS),
    )
    return Run(info, data)


def _subject(run: Any) -> Subject:
    names = ("run_id", "run_name", "status", "artifact_uri", "user_id", "start_time", "end_time")
    return Subject(
        run,
        {name: getattr(run.info, name) for name in names},
        metrics=run.data.metrics,
        params=run.data.params,
        tags=run.data.tags,
    )


@given(_FILTERS)
def test_what_mlflow_parses_is_parsed_the_same(text: str) -> None:
    theirs = [
        (item["type"], SearchUtils.translate_key_alias(item["key"]), item["comparator"].upper())
        for item in SearchUtils.parse_search_filter(text)
    ]
    assert [(item.entity, item.key, item.comparator) for item in parse(text, RUNS)] == theirs


@given(_FILTERS, st.lists(_runs(), max_size=4))
def test_a_filter_finds_what_mlflow_finds(text: str, runs: list[Any]) -> None:
    clauses = parse(text, RUNS)
    assert [run for run in runs if matches(_subject(run), clauses)] == SearchUtils.filter(runs, text)


_ORDERS = st.sampled_from(
    ["metrics.acc", "metrics.`a b` DESC", "params.acc ASC", "tags.acc desc", "start_time DESC", "attributes.run_name"]
)


@given(st.lists(_runs(), max_size=5), st.lists(_ORDERS, max_size=3))
def test_runs_come_in_the_order_in_which_mlflow_puts_them(runs: list[Any], orders: list[str]) -> None:
    theirs = sorted(sorted(runs, key=lambda run: run.info.run_id), key=lambda run: run.info.start_time, reverse=True)
    for order in reversed(orders):
        kind, key, ascending = SearchUtils.parse_order_by_for_search_runs(order)
        values = {id(run): SearchUtils._get_value_for_sort(run, kind, key, ascending) for run in theirs}
        there = [run for run in theirs if values[id(run)][0] is not ascending]
        rest = [run for run in theirs if values[id(run)][0] is ascending]
        theirs = sorted(there, key=lambda run: values[id(run)][1], reverse=not ascending) + rest
    ours = sort([_subject(run) for run in runs], [*orders, "start_time DESC", "run_id"], RUNS)
    assert [item.attributes["run_id"] for item in ours] == [run.info.run_id for run in theirs]


@given(st.text("abmetrics.paramstags`'\"=<>!() ,ANDORINLIKE01-", max_size=40))
def test_any_text_is_a_filter_or_a_clear_error(text: str) -> None:
    for language in (RUNS, EXPERIMENTS, MODELS, VERSIONS, LOGGED_MODELS):
        try:
            parse(text, language)
        except ServiceError as error:
            assert (error.status, error.code) == (400, "INVALID_PARAMETER_VALUE")
        try:
            parse_order([text], language)
        except ServiceError as error:
            assert (error.status, error.code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    "text",
    [
        "metrics.acc",
        "metrics.acc >",
        "metrics.acc > 'a'",
        "metrics.acc LIKE 'a'",
        "params.a > '1'",
        "params.a = 1",
        "params.a = unquoted",
        "tags.a IN ('x')",
        "status IN ('RUNNING')",
        "run_id IN ()",
        "run_id IN (1)",
        "run_id IN ('a'",
        "nothing.a = '1'",
        "attributes.nothing = '1'",
        "start_time = 'now'",
        "metrics.a > 1 OR metrics.b > 1",
        "(metrics.a > 1)",
        "metrics.a > 1 metrics.b > 2",
        "metrics.a > 1 AND",
        "AND metrics.a > 1",
        "dataset.source = 'x'",
        "metrics.a > 1; DROP TABLE run",
        "params.a = 'open",
        "metrics.a <> 1",
        "metrics.a IS NULL",
        "1 = 1",
    ],
)
def test_a_bad_filter_is_refused_as_mlflow_refuses_it(text: str) -> None:
    with pytest.raises(ServiceError) as refused:
        parse(text, RUNS)
    assert refused.value.code == "INVALID_PARAMETER_VALUE"
    with pytest.raises((MlflowException, AttributeError, TypeError, ValueError)):  # some of it crashes MLflow
        for clause in SearchUtils.parse_search_filter(text):
            SearchUtils._does_run_match_clause(_EMPTY, clause)
        raise ValueError("what MLflow takes for nothing") if text in _LENIENT else AssertionError(text)


_EMPTY = Run(RunInfo("r", "1", "u", "RUNNING", 0, 0, "active", run_id=None), RunData())
#: Filters that MLflow reads as something else without a word.
_LENIENT = {"metrics.a > 1 metrics.b > 2", "metrics.a > 1 AND", "AND metrics.a > 1"}


@pytest.mark.parametrize(
    ("language", "theirs", "text"),
    [
        (EXPERIMENTS, SearchExperimentsUtils, "name LIKE 'a%' AND tags.x = 'y' AND creation_time > 5"),
        (EXPERIMENTS, SearchExperimentsUtils, "attribute.name = 'a' AND tag.`a b` ILIKE '%'"),
        (VERSIONS, SearchModelVersionUtils, "name = 'a' AND version_number >= 2 AND run_id IN ('r1', 'r2')"),
        (VERSIONS, SearchModelVersionUtils, "source_path != '/x' AND tags.k = 'v'"),
    ],
)
def test_the_other_languages(language: filters.Language, theirs: Any, text: str) -> None:
    expected = [(item["type"], item["key"], item["comparator"]) for item in theirs.parse_search_filter(text)]
    assert [(item.entity, item.key, item.comparator) for item in parse(text, language)] == expected


def test_values_and_what_is_missing() -> None:
    assert parse("params.a = 'it''s' and tags.b != \"say 'x'\"", RUNS) == [
        Clause("parameter", "a", "=", "it's"),
        Clause("tag", "b", "!=", "say 'x'"),
    ]
    here, gone = Subject(1, {}, tags={"a": "x"}), Subject(2, {})
    assert matches(here, parse("tags.a IS NOT NULL", RUNS))
    assert not matches(gone, parse("tags.a IS NOT NULL", RUNS))
    assert matches(gone, parse("tags.a IS NULL", RUNS))
    assert not matches(gone, parse("tags.a != 'x'", RUNS))
    assert matches(gone, parse("tags.`mlflow.prompt.is_prompt` != 'true'", MODELS))
    assert matches(Subject(3, {}, params={"a": "a.c\nd"}), parse("params.a LIKE 'a.c%'", RUNS))
    assert not matches(Subject(4, {}, params={"a": "abc"}), parse("params.a LIKE 'a.c'", RUNS))
