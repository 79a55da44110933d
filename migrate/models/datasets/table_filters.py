"""Filters of tables, as expressions of MLTable: by time, and by the value of a column.

An expression is a text: ``col('time') <= datetime(2019, 6, 12)``. What only the running code knows stands in it as a
part of an f-string.
"""

from __future__ import annotations

import ast
import json

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.datasets.data import SELECTIONS, Data, follow, registered_here
from amlbridge.migrate.rewriter import Rewriter

#: Filter by time -> its bounds: (keyword of v1, position, sign).
TIMES: dict[str, tuple[tuple[str, int, str], ...]] = {
    "time_before": (("end_time", 0, "<"),),
    "time_after": (("start_time", 0, ">"),),
    "time_between": (("start_time", 0, ">"), ("end_time", 1, "<")),
    "time_recent": (("time_delta", 0, ">"),),
}
_PARTS = ("year", "month", "day", "hour", "minute", "second")
_DEPTH = 12
_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


def time_filters(use: Use, to: Rewriter) -> list[str]:
    """The code of the expressions that a filter by time becomes. Raises ValueError where the time column, or whether
    the bound is included, cannot be told."""
    name = use.symbol.rsplit(".", 1)[1]
    column = _time_column(follow(use.receiver, to) if use.receiver is not None else None, to)
    if column is None:
        raise ValueError("the time column cannot be told: filter by it, table.filter(\"col('time') < datetime(...)\")")
    included = use.argument("include_boundary", position=len(TIMES[name]))
    if included is not None and not isinstance(included, ast.Constant):
        raise ValueError("whether the bounds are included is decided at run time")
    equal = "=" if included is None or included.value else ""
    found = []
    for keyword, position, sign in TIMES[name]:
        bound = use.argument(keyword, position=position)
        if bound is None:
            raise ValueError(f"{name} needs {keyword}")
        found.append(_joined(_column(column, to), f" {sign}{equal} ", _moment(bound, name == "time_recent", use, to)))
    return found


def _time_column(data: Data | None, to: Rewriter) -> ast.expr | None:
    """The expression of the name of a table's time column, as with_timestamp_columns gave it."""
    for _ in range(_DEPTH):
        if data is None:
            return None
        for call, name in reversed(list(zip(data.methods, data.called, strict=True))):
            if name == "with_timestamp_columns":
                keys = ("timestamp", "fine_grain_timestamp")
                named = next((key.value for key in call.keywords if key.arg in keys), None)
                return named if named is not None else call.args[0] if call.args else None
        use = to.use_of(data.root)
        if use is None:
            return None
        if use.receiver is not None and use.symbol.rsplit(".", 1)[1] in (*SELECTIONS, "register"):
            data = follow(use.receiver, to)
        else:
            data = registered_here(use, to) if use.symbol.endswith(("get_by_name", "datasets[]")) else None
    return None


def _column(node: ast.expr, to: Rewriter) -> tuple[str, bool]:
    """``col('name')``: its text, and whether it is a part of an f-string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return f"col({node.value!r})", False
    if isinstance(node, (ast.Name, ast.Attribute)):
        return f"col('{{{to.source(node)}}}')", True
    raise ValueError("the time column is put together at run time: give its name a variable")


def _moment(node: ast.expr, recent: bool, use: Use, to: Rewriter) -> tuple[str, bool]:
    """``datetime(...)``: its text, and whether it is a part of an f-string. ``recent``: it is how long ago."""
    call = node if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "datetime" else None
    whole = call is not None and not call.keywords and len(call.args) in range(3, 7)
    if whole and all(isinstance(part, ast.Constant) for part in call.args):  # type: ignore[union-attr]
        return f"datetime({', '.join(ast.unparse(part) for part in call.args)})", False  # type: ignore[union-attr]
    code = to.source(node)
    if recent:
        code = f"{to.need_module('pandas')}.Timestamp.now() - {code}"
    if recent or not isinstance(node, (ast.Name, ast.Attribute)):
        name = to.fresh("start" if recent else "moment")
        to.before(use.statement, f"{name} = {code}")
        code = name
    return f"datetime({', '.join(f'{{{code}.{part}}}' for part in _PARTS)})", True


def _joined(column: tuple[str, bool], sign: str, moment: tuple[str, bool]) -> str:
    """The code of an expression of MLTable."""
    text = column[0] + sign + moment[0]
    literal = json.dumps(text, ensure_ascii=False)
    return f"f{literal}" if column[1] or moment[1] else literal


def condition(node: ast.expr, to: Rewriter) -> str:
    """The code of ``data["x"] > 5`` as an expression of MLTable. Raises ValueError where it cannot be written."""
    inner = to.evaluator.behind(node)
    if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
        return to.source(node)
    text, formatted = _compared(inner, to)
    literal = json.dumps(text, ensure_ascii=False)
    return f"f{literal}" if formatted else literal


def _compared(node: ast.expr, to: Rewriter) -> tuple[str, bool]:
    if not (isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _SIGNS):
        raise ValueError("write the condition as a text, as mltable wants it: \"col('x') > 5\"")
    left, right = _operand(node.left, to), _operand(node.comparators[0], to)
    return f"{left[0]} {_SIGNS[type(node.ops[0])]} {right[0]}", left[1] or right[1]


def _operand(node: ast.expr, to: Rewriter) -> tuple[str, bool]:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return f"col({node.slice.value!r})", False
    if isinstance(node, ast.Constant):
        return repr(node.value), False
    if isinstance(node, (ast.Name, ast.Attribute)):
        return f"{{{to.source(node)}!r}}", True
    raise ValueError("write the condition as a text, as mltable wants it: \"col('x') > 5\"")
