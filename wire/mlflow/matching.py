"""What meets a filter of MLflow's search language, and in which order."""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from amlbridge.wire.mlflow.filters import (
    ATTRIBUTE,
    DATASET,
    METRIC,
    PARAM,
    Clause,
    Language,
    Order,
    Value,
    parse_order,
)

#: A tag of models that are prompts. One that has it not is none: MLflow's clients ask so for models only.
_PROMPT = "mlflow.prompt.is_prompt"


@functools.lru_cache(maxsize=256)
def _pattern(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    """The pattern of a SQL LIKE: ``%`` is anything, ``_`` one character."""
    wild = {"%": ".*", "_": "."}
    text = "".join(wild.get(letter) or re.escape(letter) for letter in pattern)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    "<": operator.lt,
    "LIKE": lambda value, pattern: _pattern(pattern, False).fullmatch(value) is not None,
    "ILIKE": lambda value, pattern: _pattern(pattern, True).fullmatch(value) is not None,
    "IN": lambda value, among: value in among,
    "NOT IN": lambda value, among: value not in among,
}


@dataclass(frozen=True)
class Subject:
    """Something to be found: the answer for it, and what it is found by."""

    entity: Any
    attributes: Mapping[str, Any]
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    #: Each with name, digest and context.
    datasets: Sequence[Mapping[str, str | None]] = ()


def matches(subject: Subject, clauses: Sequence[Clause]) -> bool:
    """Whether all comparisons hold. What a subject does not have meets none, except IS NULL."""
    return all(_holds(subject, clause) for clause in clauses)


def _holds(subject: Subject, clause: Clause) -> bool:
    if clause.entity == DATASET:
        return any(_compare(item.get(clause.key), clause.comparator, clause.value) for item in subject.datasets)
    return _compare(_value(subject, clause), clause.comparator, clause.value, prompt=clause.key == _PROMPT)


def _compare(found: Any, comparator: str, value: Value, *, prompt: bool = False) -> bool:
    if comparator in ("IS NULL", "IS NOT NULL"):
        return (found is None) == (comparator == "IS NULL")
    if found is None:
        return prompt and (comparator, value) in (("=", "false"), ("!=", "true"))
    return _COMPARE[comparator](found, value)


def _value(subject: Subject, thing: Clause | Order) -> Any:
    holders = {ATTRIBUTE: subject.attributes, METRIC: subject.metrics, PARAM: subject.params}
    return holders.get(thing.entity, subject.tags).get(thing.key)


def sort(subjects: Sequence[Subject], order_by: list[str], language: Language) -> list[Subject]:
    """The subjects by one thing after the other; NaN comes behind all numbers, and what is missing last."""
    found = list(subjects)
    for order in reversed(parse_order(order_by, language)):
        keyed = [(_value(subject, order), subject) for subject in found]
        nan = [subject for value, subject in keyed if _is_nan(value)]
        without = [subject for value, subject in keyed if value is None]
        rest = [pair for pair in keyed if pair[0] is not None and not _is_nan(pair[0])]
        rest.sort(key=lambda pair: pair[0], reverse=order.descending)
        found = [*(subject for _, subject in rest), *nan, *without]
    return found


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
