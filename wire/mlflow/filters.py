"""MLflow's search language: ``metrics.acc > 0.9 AND tags.`a b` LIKE 'x%'``, and ``metrics.acc DESC`` to order by.

The grammar is that of MLflow's documentation ("Search Runs"): comparisons joined by AND, no parentheses and no OR. A
key with other characters than letters, digits, ``_`` and ``.`` stands in backticks or quotes. A filter that is not
understood is INVALID_PARAMETER_VALUE, in an empty workspace, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from amlbridge.wire.mlflow.errors import invalid

METRIC, PARAM, TAG, ATTRIBUTE, DATASET = "metric", "parameter", "tag", "attribute", "dataset"
_ORDERED = frozenset({">", ">=", "!=", "=", "<", "<="})
_PATTERNS = frozenset({"=", "!=", "LIKE", "ILIKE"})
_LISTS = frozenset({"IN", "NOT IN"})
_NULLS = frozenset({"IS NULL", "IS NOT NULL"})
Value: TypeAlias = "str | float | tuple[str, ...] | None"


@dataclass(frozen=True)
class Clause:
    """One comparison: ``entity.key comparator value``; the comparator is in upper case."""

    entity: str
    key: str
    comparator: str
    value: Value


@dataclass(frozen=True)
class Order:
    """One thing to order by."""

    entity: str
    key: str
    descending: bool


@dataclass(frozen=True)
class Language:
    """What can be searched for. ``entities``: how a prefix is written -> what it is; a key without a prefix is an
    attribute. ``attributes``: key -> whether it holds numbers. ``listed``: the entities or attributes that IN takes."""

    entities: Mapping[str, str]
    attributes: Mapping[str, bool]
    orderable: frozenset[str]
    aliases: Mapping[str, str] = field(default_factory=dict)
    listed: frozenset[str] = frozenset()
    list_comparators: frozenset[str] = _LISTS
    orders_by: frozenset[str] = frozenset({ATTRIBUTE})


_RUN_ATTRIBUTES = dict.fromkeys(("run_id", "run_name", "status", "artifact_uri", "user_id"), False)
_TAGGED = {"attribute": ATTRIBUTE, "tag": TAG, "tags": TAG}
RUNS = Language(
    entities={
        **dict.fromkeys(("metric", "metrics"), METRIC),
        **dict.fromkeys(("parameter", "parameters", "param", "params"), PARAM),
        **dict.fromkeys(("tag", "tags"), TAG),
        **dict.fromkeys(("attribute", "attributes", "attr", "run"), ATTRIBUTE),
        **dict.fromkeys(("dataset", "datasets"), DATASET),
    },
    attributes={**_RUN_ATTRIBUTES, "start_time": True, "end_time": True},
    orderable=frozenset({*_RUN_ATTRIBUTES, "start_time", "end_time"}),
    aliases={
        **dict.fromkeys(("created", "Created"), "start_time"),
        **dict.fromkeys(("run name", "Run name", "Run Name"), "run_name"),
    },
    listed=frozenset({"run_id", DATASET}),
    orders_by=frozenset({METRIC, PARAM, TAG, ATTRIBUTE}),
)
_EXPERIMENT_TIMES = ("creation_time", "last_update_time")
EXPERIMENTS = Language(
    entities=_TAGGED,
    attributes={"name": False, **dict.fromkeys(_EXPERIMENT_TIMES, True)},
    orderable=frozenset({"name", "experiment_id", *_EXPERIMENT_TIMES}),
)
_MODEL_TIMES = ("creation_timestamp", "last_updated_timestamp")
MODELS = Language(
    entities=_TAGGED,
    attributes={"name": False},
    orderable=frozenset({"name", *_MODEL_TIMES}),
    aliases={"timestamp": "last_updated_timestamp"},
)
VERSIONS = Language(
    entities=_TAGGED,
    attributes={**dict.fromkeys(("name", "run_id", "source_path"), False), "version_number": True},
    orderable=frozenset({"name", "version_number", *_MODEL_TIMES}),
    listed=frozenset({"run_id"}),
    list_comparators=frozenset({"IN"}),
)
_LOGGED = ("name", "model_id", "experiment_id", "model_type", "status", "source_run_id")
_LOGGED_TIMES = ("creation_timestamp_ms", "last_updated_timestamp_ms")
LOGGED_MODELS = Language(
    entities={"attributes": ATTRIBUTE, "metrics": METRIC, "params": PARAM, "tags": TAG},
    attributes={**dict.fromkeys(_LOGGED, False), **dict.fromkeys(_LOGGED_TIMES, True)},
    orderable=frozenset({*_LOGGED, *_LOGGED_TIMES}),
    aliases={
        **dict.fromkeys(("creation_time", "creation_timestamp"), _LOGGED_TIMES[0]),
        "last_updated_timestamp": _LOGGED_TIMES[1],
    },
    listed=frozenset({*_LOGGED, PARAM, TAG}),
    orders_by=frozenset({METRIC, PARAM, TAG, ATTRIBUTE}),
)

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
      | (?P<string>'(?:''|[^'])*'|"(?:""|[^"])*"(?!\s*\.))
      | (?P<name>(?:`[^`]+`|\w+)(?:\.(?:`[^`]+`|"[^"]+"|'[^']+'|\w+))*)
      | (?P<operator>>=|<=|!=|=|<|>)
      | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)
_PIECE = re.compile(r"`([^`]+)`|\"([^\"]+)\"|'([^']+)'|(\w+)")
_Token: TypeAlias = tuple[str, str]


def _tokens(filter_string: str) -> list[_Token]:
    found, at = [], 0
    end = len(filter_string.rstrip())
    while at < end:
        match = _TOKEN.match(filter_string, at, end)
        if match is None:
            raise invalid(f"Invalid clause(s) in filter string: {filter_string[at:end].strip()[:80]!r}")
        kind = str(match.lastgroup)
        found.append((kind, match.group(kind)))
        at = match.end()
    return found


class _Parser:
    """One pass over the tokens of a filter."""

    def __init__(self, filter_string: str, language: Language) -> None:
        self._text = filter_string
        self._tokens = _tokens(filter_string)
        self._language = language
        self._at = 0

    def clauses(self) -> list[Clause]:
        found = [self._clause()]
        while self._at < len(self._tokens):
            if not self._word("AND"):
                raise invalid(f"Invalid clause(s) in filter string: {self._rest()!r}: comparisons are joined by AND")
            found.append(self._clause())
        return found

    def _rest(self) -> str:
        return " ".join(value for _, value in self._tokens[self._at :])[:80]

    def _next(self) -> _Token:
        if self._at >= len(self._tokens):
            raise invalid(f"Invalid comparison clause: {self._text[:200]!r} ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _word(self, *words: str) -> bool:
        """Takes these words, if they come next."""
        there = [value.upper() for kind, value in self._tokens[self._at : self._at + len(words)] if kind == "name"]
        if there != list(words):
            return False
        self._at += len(words)
        return True

    def _clause(self) -> Clause:
        kind, name = self._next()
        if kind != "name":
            raise invalid(f"Invalid comparison clause. Expected an identifier, found {name!r}")
        entity, key = identifier(name, self._language)
        comparator = self._comparator()
        numeric = entity == METRIC or (entity == ATTRIBUTE and self._language.attributes[key])
        if comparator not in _allowed(self._language, entity, key, numeric):
            raise invalid(f"Invalid comparator {comparator!r} for {entity} {key!r}")
        if comparator in _NULLS:
            return Clause(entity, key, comparator, None)
        if comparator in _LISTS:
            return Clause(entity, key, comparator, self._list())
        return Clause(entity, key, comparator, self._number(key) if numeric else self._string(key))

    def _comparator(self) -> str:
        for words in (("NOT", "IN"), ("IN",), ("LIKE",), ("ILIKE",), ("IS", "NOT", "NULL"), ("IS", "NULL")):
            if self._word(*words):
                return " ".join(words)
        kind, value = self._next()
        if kind != "operator":
            raise invalid(f"Invalid comparison clause. Expected a comparator, found {value!r}")
        return value

    def _number(self, key: str) -> float:
        kind, value = self._next()
        if kind != "number":
            raise invalid(f"Expected numeric value type for {key}. Found {value}")
        return float(value)

    def _string(self, key: str) -> str:
        kind, value = self._next()
        if kind != "string":
            raise invalid(f"Expected a quoted string value for {key} (e.g. 'my-value'). Got value {value}")
        return value[1:-1].replace(value[0] * 2, value[0])

    def _list(self) -> tuple[str, ...]:
        found = []
        if self._next() != ("mark", "("):
            raise invalid("IN needs a list of quoted strings in parentheses")
        while True:
            found.append(self._string("a list"))
            mark = self._next()
            if mark == ("mark", ",") and self._tokens[self._at : self._at + 1] == [("mark", ")")]:
                mark = self._next()
            if mark == ("mark", ")"):
                return tuple(found)
            if mark != ("mark", ","):
                raise invalid(f"a list in the query has {mark[1]!r} where a comma is expected")


def _allowed(language: Language, entity: str, key: str, numeric: bool) -> frozenset[str]:
    if numeric:
        return _ORDERED
    listed = language.list_comparators if entity in language.listed or key in language.listed else frozenset()
    if entity in (PARAM, TAG):
        return _PATTERNS | _NULLS | (listed if entity in language.listed else frozenset())
    return _PATTERNS | listed


def identifier(name: str, language: Language, *, order: bool = False) -> tuple[str, str]:
    """What a name of the query means: the entity and the key."""
    head, *tail = ["".join(groups) for groups in _PIECE.findall(name)]
    entity, key = ATTRIBUTE, head
    if tail:
        if head not in language.entities:
            raise invalid(f"Invalid entity type {head!r}. Valid values are {sorted(language.entities)}")
        entity, key = language.entities[head], ".".join(tail)
    if entity == ATTRIBUTE:
        key = language.aliases.get(key, key)
        valid = language.orderable if order else frozenset(language.attributes)
        if key not in valid:
            raise invalid(f"Invalid attribute key {key!r} specified. Valid keys are {sorted(valid)}")
    if entity == DATASET and key not in ("name", "digest", "context"):
        raise invalid(f"Invalid dataset key {key!r} specified. Valid keys are name, digest, context")
    return entity, key


def parse(filter_string: str, language: Language) -> list[Clause]:
    """The comparisons of a filter, all of which must hold; none for an empty one. Raises INVALID_PARAMETER_VALUE."""
    return _Parser(filter_string, language).clauses() if filter_string.strip() else []


_ORDER = re.compile(r"\s*(?P<name>.+?)(?:\s+(?P<direction>asc|desc))?\s*", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"(?:`[^`]+`|\"[^\"]+\"|\w+)(?:\.(?:`[^`]+`|\"[^\"]+\"|'[^']+'|\w+))*")


def parse_order(order_by: list[str], language: Language) -> list[Order]:
    """What to order by, first things first. Raises INVALID_PARAMETER_VALUE."""
    found = []
    for item in order_by:
        match = _ORDER.fullmatch(item)
        if match is None or not _NAME.fullmatch(match["name"]):
            raise invalid(f"Invalid order_by clause {item!r}. Could not be parsed.")
        entity, key = identifier(match["name"], language, order=True)
        if entity not in language.orders_by:
            raise invalid(f"Invalid order_by entity: {entity}")
        found.append(Order(entity, key, (match["direction"] or "").lower() == "desc"))
    return found
