"""Filters and orders as the clients write them: OData, but with the clients' own liberties.

The v1 client builds filters by pasting text together, so this grammar accepts what it really sends: words without
quotes (``Status eq Running``), times with a space in them, double quotes around text that itself holds double quotes,
tag names with any characters. Logic is two-valued: a tag or property that is not there makes every comparison false,
even ``ne`` (the client asks ``Tags/k ne null or Tags/k eq null`` for "has the tag"); a field without a value equals
``null`` and differs from everything else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from amlbridge.engine.clock import parse_iso
from amlbridge.wire.errors import ServiceError, bad_request

#: Longer or deeper filters are refused: SQLite itself gives up at a depth of 1000.
LONGEST, MOST_TERMS, DEEPEST = 64 * 1024, 400, 50


class Kind(Enum):
    """What a field holds, and so what a literal beside it means."""

    TEXT = "text"
    NUMBER = "a whole number"
    TIME = "a time"
    FLAG = "true or false"


@dataclass(frozen=True)
class Literal:
    """A constant as it was written, without its quotes; ``text`` is None for null."""

    text: str | None


@dataclass(frozen=True)
class Comparison:
    """``field operator value``; operators: eq ne gt ge lt le contains startswith endswith."""

    field: str
    operator: str
    value: Literal


@dataclass(frozen=True)
class Membership:
    """``field in (a, b)``; also what a chain of ``field eq a or field eq b`` becomes."""

    field: str
    values: tuple[Literal, ...]


@dataclass(frozen=True)
class Not:
    """Negation."""

    operand: Expression


@dataclass(frozen=True)
class Logic:
    """Two or more operands joined by ``and`` or ``or``."""

    operator: str
    operands: tuple[Expression, ...]


Expression: TypeAlias = "Comparison | Membership | Not | Logic"
#: A constant with the type of its field.
Value: TypeAlias = "str | float | bool | None"


class Missing(Enum):
    """What a lookup returns for a tag or property that is not there."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
Lookup: TypeAlias = "Callable[[str], tuple[Kind, Value | Missing]]"

_COMPARE = r"(?:eq|ne|gt|ge|lt|le|in)\b"
#: Keys of maps may hold anything: they end where an operator or, in a function, the comma begins.
_KEYED = re.compile(rf"((?:Tags|Properties|RunTypeV2/Traits)/.+?)(?=\s+{_COMPARE}|\s*,)", re.IGNORECASE | re.DOTALL)
_FIELD = re.compile(r"[A-Za-z_][\w./-]*")
_OPERATOR = re.compile(rf"\s*({_COMPARE})\s*", re.IGNORECASE)
_FUNCTION = re.compile(r"(contains|startswith|endswith)\s*\(\s*", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?", re.IGNORECASE)
_WORD = re.compile(r"[^\s()'\",]+")
_SPACE = re.compile(r"\s*")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
#: After the quote that really ends a text: the end, a bracket, a conjunction with a condition; in lists and functions
#: a comma or a bracket.
_AFTER = re.compile(
    r"\s*(?:$|\)|(?:and|or)\s*(?:\(|not[\s(]|(?:contains|startswith|endswith)\s*\(|(?:Tags|Properties)/"
    rf"|[\w./-]+\s+{_COMPARE}))",
    re.IGNORECASE,
)
_AFTER_ITEM = re.compile(r"\s*[,)]")


def parse(text: str) -> Expression:
    """The expression of a filter. Raises a 400 :class:`ServiceError` that quotes the place where it goes wrong."""
    if len(text) > LONGEST:
        raise bad_request(f"the filter is longer than {LONGEST} characters", "InvalidFilter")
    if _CONTROL.search(text):
        raise bad_request("the filter holds a control character", "InvalidFilter")
    parser = _Parser(text)
    expression = parser.either(0)
    parser.end()
    return expression


class _Parser:
    """Recursive descent over the text; ``at`` is the place that is read next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.terms = 0

    def wrong(self, expected: str) -> ServiceError:
        rest = self.text[self.at : self.at + 40]
        where = f"before {rest!r}" if rest else "at its end"
        return bad_request(f"the filter cannot be read: {expected} is expected {where}", "InvalidFilter")

    def take(self, pattern: re.Pattern[str]) -> str | None:
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]  # matches anything
        match = pattern.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        return match.group(1) if match.re.groups else match.group()

    def word(self, word: str) -> bool:
        return self.take(re.compile(rf"{word}\b", re.IGNORECASE)) is not None

    def mark(self, mark: str) -> bool:
        return self.take(re.compile(re.escape(mark))) is not None

    def end(self) -> None:
        self.take(_SPACE)
        if self.at < len(self.text):
            raise self.wrong("'and', 'or' or the end")

    def either(self, depth: int) -> Expression:
        operands = [self.both(depth)]
        while self.word("or"):
            operands.append(self.both(depth))
        return _join("or", operands)

    def both(self, depth: int) -> Expression:
        operands = [self.single(depth)]
        while self.word("and"):
            operands.append(self.single(depth))
        return _join("and", operands)

    def single(self, depth: int) -> Expression:
        self.terms += 1
        if depth > DEEPEST or self.terms > MOST_TERMS:
            raise bad_request(
                f"the filter has more than {MOST_TERMS} conditions or {DEEPEST} levels: ask in parts", "InvalidFilter"
            )
        if self.take(re.compile(r"not(?=[\s(])", re.IGNORECASE)) is not None:
            return Not(self.single(depth + 1))
        if self.mark("("):
            inner = self.either(depth + 1)
            if not self.mark(")"):
                raise self.wrong("')'")
            return inner
        function = self.take(_FUNCTION)
        return self.call(function.lower()) if function is not None else self.comparison()

    def call(self, function: str) -> Expression:
        field = self.field()
        if not self.mark(","):
            raise self.wrong("','")
        value = self.literal(_AFTER_ITEM)
        if not self.mark(")"):
            raise self.wrong("')'")
        if value.text is None:
            raise bad_request(f"{function}() needs a text, not null", "InvalidFilter")
        return Comparison(field, function, value)

    def comparison(self) -> Expression:
        field = self.field()
        operator = self.take(_OPERATOR)
        if operator is None:
            raise self.wrong("one of eq, ne, gt, ge, lt, le, in")
        if operator.lower() != "in":
            return Comparison(field, operator.lower(), self.literal(_AFTER))
        if not self.mark("("):
            raise self.wrong("'('")
        values = [self.literal(_AFTER_ITEM)]
        while self.mark(","):
            values.append(self.literal(_AFTER_ITEM))
        if not self.mark(")"):
            raise self.wrong("')'")
        self.terms += len(values) // 10
        return Membership(field, tuple(values))

    def field(self) -> str:
        found = self.take(_KEYED) or self.take(_FIELD)
        if found is None:
            raise self.wrong("the name of a field")
        return found

    def literal(self, after: re.Pattern[str]) -> Literal:
        for quote in ('"', "'"):
            if self.mark(quote):
                return Literal(self.quoted(quote, after))
        word = self.take(_TIME) or self.take(_WORD)
        if word is None:
            raise self.wrong("a value")
        return Literal(None if word.lower() == "null" else word)

    def quoted(self, quote: str, after: re.Pattern[str]) -> str:
        """Text up to its closing quote. Single quotes double a quote inside, as OData says; with double quotes the
        clients escape nothing, so the closing one is the first after which the filter can go on."""
        start = self.at
        while (found := self.text.find(quote, self.at)) >= 0:
            self.at = found + 1
            if quote == "'" and self.text.startswith("'", self.at):
                self.at += 1
            elif quote == "'" or after.match(self.text, self.at):
                return self.text[start:found].replace("''", "'") if quote == "'" else self.text[start:found]
        self.at = start
        raise self.wrong(f"a closing {quote}")


def _join(operator: str, operands: list[Expression]) -> Expression:
    if len(operands) == 1:
        return operands[0]
    first = operands[0]
    if operator == "or" and isinstance(first, Comparison):
        same = [item for item in operands if isinstance(item, Comparison)]
        if len(same) == len(operands) and all(item.operator == "eq" and item.field == first.field for item in same):
            return Membership(first.field, tuple(item.value for item in same))
    return Logic(operator, tuple(operands))


def constant(literal: Literal, kind: Kind, field: str) -> Value:
    """A literal with the type of its field. Raises a 400 :class:`ServiceError` when it has another."""
    text = literal.text
    if text is None:
        return None
    try:
        if kind is Kind.TEXT:
            return text
        if kind is Kind.TIME:
            return parse_iso(text.replace(" +", "+").replace(" -", "-"))
        if kind is Kind.NUMBER:
            number = float(text)
            if math.isfinite(number):
                return number
        elif text.lower() in ("true", "false"):
            return text.lower() == "true"
    except ValueError:
        pass
    raise bad_request(f"{field} is {kind.value}, {text!r} is not", "InvalidFilter")


def evaluate(expression: Expression, lookup: Lookup) -> bool:
    """Whether something meets a filter; ``lookup`` gives the kind and value of a field, :data:`MISSING` for a tag or
    property that is not there, and raises a :class:`ServiceError` for a field that does not exist."""
    if isinstance(expression, Logic):
        results = (evaluate(operand, lookup) for operand in expression.operands)
        return all(results) if expression.operator == "and" else any(results)
    if isinstance(expression, Not):
        return not evaluate(expression.operand, lookup)
    if isinstance(expression, Membership):
        return any(evaluate(Comparison(expression.field, "eq", item), lookup) for item in expression.values)
    kind, value = lookup(expression.field)
    other = constant(expression.value, kind, expression.field)
    return not isinstance(value, Missing) and _compare(value, expression.operator, other)


def _compare(value: Value, operator: str, other: Value) -> bool:
    if operator in ("eq", "ne"):
        return (value == other) is (operator == "eq")
    if value is None or other is None:
        return False
    if operator in TEXT_TESTS:
        return TEXT_TESTS[operator](str(value), str(other))
    if isinstance(value, str) or isinstance(other, str):
        return ORDER_TESTS[operator]((str(value) > str(other)) - (str(value) < str(other)))
    return ORDER_TESTS[operator]((value > other) - (value < other))


TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, part: part in value,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
#: By the sign of the difference.
ORDER_TESTS: dict[str, Callable[[int], bool]] = {
    "gt": lambda sign: sign > 0,
    "ge": lambda sign: sign >= 0,
    "lt": lambda sign: sign < 0,
    "le": lambda sign: sign <= 0,
}

_ORDER_ITEM = re.compile(r"\s*([\w/.-]+)(?:\s+(asc|desc))?\s*", re.IGNORECASE)


def parse_order(text: str, default: str = "asc") -> list[tuple[str, bool]]:
    """Fields and whether each descends, of ``A desc,B``. Raises a 400 :class:`ServiceError`."""
    order = []
    for item in text.split(","):
        match = _ORDER_ITEM.fullmatch(item)
        if match is None:
            raise bad_request(f"{text!r} is no order: write a field and asc or desc", "InvalidOrderBy")
        order.append((match.group(1), (match.group(2) or default).lower() == "desc"))
    return order
