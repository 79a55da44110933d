"""Filters and orders on runs as conditions on ``engine.records.schema.run``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, case, exists, false, func, literal, not_, or_

from amlbridge.engine.records.schema import run as table
from amlbridge.wire import odata
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.odata import Comparison, Expression, Kind, Logic, Membership, Not, Value
from amlbridge.wire.run_types import RUN_TYPES

#: A test on one value: its SQL form, given the column.
Test: TypeAlias = "Callable[[ColumnElement[Any]], ColumnElement[bool]]"


@dataclass(frozen=True)
class Field:
    """A column that a filter may name."""

    kind: Kind
    column: ColumnElement[Any]


def _plain(kind: Kind, column: str) -> Field:
    return Field(kind, table.c[column])


_BY_KIND = case(RUN_TYPES, value=table.c.kind, else_=None)
_OWN_TYPE = table.c.extra["runType"].as_string()

#: By the name in lower case: the columns that a filter may name.
RUN_FIELDS: dict[str, Field] = {
    "runid": _plain(Kind.TEXT, "id"),
    "name": _plain(Kind.TEXT, "name"),
    "displayname": _plain(Kind.TEXT, "display_name"),
    "description": _plain(Kind.TEXT, "description"),
    "status": _plain(Kind.TEXT, "status"),
    "parentrunid": _plain(Kind.TEXT, "parent_id"),
    "rootrunid": _plain(Kind.TEXT, "root_id"),
    "experimentid": _plain(Kind.TEXT, "experiment_id"),
    "target": _plain(Kind.TEXT, "target"),
    "scriptname": _plain(Kind.TEXT, "script"),
    "createdutc": _plain(Kind.TIME, "created"),
    "starttimeutc": _plain(Kind.TIME, "started"),
    "endtimeutc": _plain(Kind.TIME, "ended"),
    "lastmodifiedutc": _plain(Kind.TIME, "modified"),
    "runnumber": _plain(Kind.NUMBER, "number"),
    "hidden": _plain(Kind.FLAG, "hidden"),
    "runtype": Field(Kind.TEXT, func.coalesce(_OWN_TYPE, _BY_KIND)),
    "runtypev2/orchestrator": Field(Kind.TEXT, table.c.extra[("runTypeV2", "orchestrator")].as_string()),
    "primarymetricname": Field(Kind.TEXT, table.c.extra["primaryMetricName"].as_string()),
}


def _unknown(field: str, fields: Mapping[str, Field]) -> ServiceError:
    maps = ["Tags/{name}", "Properties/{name}", "RunTypeV2/Traits/{name}"] if fields is RUN_FIELDS else []
    known = ", ".join([*maps, *sorted(fields)])
    return bad_request(f"there is no field {field!r} to filter or order by; there are {known}", "InvalidFilter")


class SqlFilter:
    """Translates for one database. ``dialect``: its SQLAlchemy name; JSON functions are called differently.

    ``fields``: what a filter may name, in lower case; tags, properties and traits are those of runs.
    """

    def __init__(self, dialect: str, fields: Mapping[str, Field] = RUN_FIELDS) -> None:
        self._fields = fields
        self._each = func.json_each_text if dialect == "postgresql" else func.json_each
        self._items = func.json_array_elements_text if dialect == "postgresql" else func.json_each

    def conditions(self, text: str | None) -> list[ColumnElement[bool]]:
        """The conditions of a filter; none for an empty one. Raises a 400 :class:`ServiceError`."""
        return [self._condition(odata.parse(text))] if text and text.strip() else []

    def _condition(self, expression: Expression) -> ColumnElement[bool]:
        if isinstance(expression, Logic):
            join = and_ if expression.operator == "and" else or_
            return join(*(self._condition(operand) for operand in expression.operands))
        if isinstance(expression, Not):
            return not_(self._condition(expression.operand))
        field = expression.field
        known = self._fields.get(field.lower())
        if known is not None:
            return _test(expression, known.kind)(known.column)
        if self._fields is not RUN_FIELDS:
            raise _unknown(field, self._fields)
        group, _, key = field.rpartition("/") if field.lower().startswith("runtypev2/") else field.partition("/")
        if group.lower() in ("tags", "properties") and key:
            return self._entry(group.lower(), key, _test(expression, Kind.TEXT))
        if group.lower() == "runtypev2/traits" and key:
            return self._trait(key, _test(expression, Kind.TEXT))
        raise _unknown(field, self._fields)

    def _entry(self, column: str, key: str, test: Test) -> ColumnElement[bool]:
        """One entry of a JSON object meets the test; a missing one meets none."""
        entry = self._each(table.c[column]).table_valued("key", "value", name="entry")
        return exists().where(entry.c.key == key, test(entry.c.value))

    def _trait(self, trait: str, test: Test) -> ColumnElement[bool]:
        """A trait is there (its value is its name) or not."""
        traits = table.c.extra[("runTypeV2", "traits")]
        if self._each is func.json_each:
            item = func.json_each(table.c.extra, "$.runTypeV2.traits").table_valued("value", name="trait")
        else:
            item = self._items(traits).table_valued("value", name="trait")
        return exists().where(item.c.value == trait, test(item.c.value))


def _test(expression: Comparison | Membership, kind: Kind) -> Test:
    if isinstance(expression, Membership):
        values = [odata.constant(item, kind, expression.field) for item in expression.values]
        return lambda column: _among(column, values)
    value = odata.constant(expression.value, kind, expression.field)
    operator = expression.operator
    if operator in odata.TEXT_TESTS and kind is not Kind.TEXT:
        raise bad_request(f"{operator}() needs a field that holds text; {expression.field} is {kind.value}")
    return lambda column: _compare(column, operator, value)


def _among(column: ColumnElement[Any], values: list[Value]) -> ColumnElement[bool]:
    """Two-valued: never NULL, so that its negation is right."""
    known = [value for value in values if value is not None]
    found = and_(column.is_not(None), column.in_(known))
    return or_(column.is_(None), found) if len(known) < len(values) else found


def _compare(column: ColumnElement[Any], operator: str, value: Value) -> ColumnElement[bool]:
    """Two-valued: never NULL, so that its negation is right."""
    if value is None:
        nothing = {"eq": column.is_(None), "ne": column.is_not(None)}
        return nothing.get(operator, false())
    if operator == "ne":
        return or_(column.is_(None), column != value)
    tests: dict[str, Callable[[], ColumnElement[bool]]] = {
        "eq": lambda: column == value,
        "gt": lambda: column > value,
        "ge": lambda: column >= value,
        "lt": lambda: column < value,
        "le": lambda: column <= value,
        # No LIKE: SQLite compares it without case.
        "contains": lambda: func.replace(column, value, "") != column if value else literal(1) == 1,
        "startswith": lambda: func.substr(column, 1, len(str(value))) == value,
        "endswith": lambda: and_(
            func.length(column) >= len(str(value)),
            func.substr(column, func.length(column) - len(str(value)) + 1) == value,
        ),
    }
    return and_(column.is_not(None), tests[operator]())


def order_by(text: str | None, default: str = "asc", fields: Mapping[str, Field] = RUN_FIELDS) -> list[Any]:
    """The columns to order by; rows without a value come last when it descends, first when it ascends.

    Raises a 400 :class:`ServiceError`.
    """
    columns: list[Any] = []
    order = odata.parse_order(text, default) if text and text.strip() else []
    for field, descending in order:
        known = fields.get(field.lower())
        if known is None:
            raise _unknown(field, fields)
        columns.append(known.column.desc().nulls_last() if descending else known.column.asc().nulls_first())
    if order and order[-1][1] and fields is RUN_FIELDS:
        columns.append(table.c.seq.desc())
    return columns
