"""Metrics of a run: ``run.log`` and its relatives become calls of MLflow.

Inside of a job MLflow logs to the job's own run; ``mlflow.start_run()`` is not needed there, and a script that runs
on its own starts a local run with the first call. Microsoft's article "Migrate logging from SDK v1 to MLflow" says
what becomes of what:

- ``log`` -> ``log_metric``; a truth value is cast to ``int``, a text becomes ``log_text``, a dict ``log_dict``
  (MLflow's metrics are numbers);
- ``log_list`` -> a metric with a value for each step; texts become ``log_dict``;
- ``log_row`` -> ``log_metrics`` with the names ``row.column``;
- ``log_table`` -> the metrics ``table.column``, and the table itself with ``log_table``;
- ``log_confusion_matrix``, ``log_accuracy_table``, ``log_predictions``, ``log_residuals`` -> ``log_dict``.

Where it is not known whether a value is a number, the finding says that this is assumed. Names that MLflow does not
allow get ``_`` for the characters in question.
"""

from __future__ import annotations

import ast
import posixpath
import re

from amlbridge.migrate.analysis.arrays import is_array, is_thing
from amlbridge.migrate.analysis.kinds import is_dict, is_list, kind_of, kind_of_items
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.inside import log_call
from amlbridge.migrate.models.runs.handed_logging import handed_log, is_one_of_several
from amlbridge.migrate.models.runs.logged_items import may_be_text
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements, assuming
from amlbridge.migrate.rewriter import Rewriter

_HEAD = "from azureml.core import Run\n\nrun = Run.get_context()\n"

rule = Rule(
    "run-metrics",
    __doc__,
    cases=[
        Case(
            _HEAD + 'run.log("loss", 0.5)\nrun.log("passed", True)\nrun.log("note", "a text")\n',
            'import mlflow\n\nmlflow.log_metric("loss", 0.5)\nmlflow.log_metric("passed", int(True))\n'
            'mlflow.log_text("a text", "note.txt")\n',
            "Single values",
        ),
        Case(
            _HEAD + "for k, v in metrics.items():\n    run.log(k, v)\n    run.parent.log(k, v)\n",
            "import mlflow\n\nrun = mlflow.active_run() or mlflow.start_run()\n"
            "for k, v in metrics.items():\n    mlflow.log_metric(k, v)\n"
            '    mlflow.log_metric(k, v, run_id=run.data.tags["mlflow.parentRunId"])\n',
            "The run above",
        ),
        Case(
            _HEAD + 'run.log_list("fib", [0, 1, 1, 2])\nrun.log_row("curve", x=1, y=0.4)\n',
            "import mlflow\n\nfor step, value in enumerate([0, 1, 1, 2]):\n"
            '    mlflow.log_metric("fib", value, step=step)\nmlflow.log_metrics({"curve.x": 1, "curve.y": 0.4})\n',
            "Lists and rows",
        ),
        Case(
            _HEAD + 'run.log_row("curve", "an example", **point)\n',
            'import mlflow\n\nmlflow.log_metrics({f"curve.{key}": value for key, value in point.items()})\n',
            "A row from a dict",
        ),
        Case(
            _HEAD + 'run.log_table("costs", table)\nrun.log_confusion_matrix("matrix", matrix)\n',
            'import mlflow\n\nmlflow.log_table(table, "costs.json")\n'
            "for column, values in table.items():\n    for step, value in enumerate(values):\n"
            '        mlflow.log_metric(f"costs.{column}", value, step=step)\nmlflow.log_dict(matrix, "matrix.json")\n',
            "Tables",
        ),
    ],
)

_FORBIDDEN = re.compile(r"[^/\w.\- :]")
_RENAMED = "MLflow does not allow the metric's name {!r}: it is {!r} now"


def _named(use: Use, to: Rewriter) -> tuple[str, str, str]:
    """The code of the metric's name, the name itself if it is literal, and what to review."""
    node = use.argument("name", position=0)
    if node is None:
        raise ValueError("the metric has no name")
    return named(node, to)


def named(node: ast.expr, to: Rewriter) -> tuple[str, str, str]:
    """The code of a name as MLflow allows it, the name itself if it is literal, and what to review."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return _put_together(node, to)
    allowed = allowed_name(node.value)
    if allowed == node.value:
        return to.source(node), allowed, ""
    return quoted(allowed), allowed, _RENAMED.format(node.value, allowed)


def _put_together(node: ast.expr, to: Rewriter) -> tuple[str, str, str]:
    """The code of a name that is put together of texts: ``"# rows of " + year``, ``f"loss ({part})"``; "", and what to
    review."""
    code = to.source(node)
    wrong = {text: allowed for text, allowed in _texts(node) if text != allowed}
    if not wrong or any(code.count(text) != 1 for text in wrong):
        return code, "", ""
    for text, allowed in wrong.items():
        code = code.replace(text, allowed)
    return code, "", _RENAMED.format("".join(wrong), "".join(wrong.values()))


#: What the operator % and the method format put values for.
_PERCENT, _BRACES = re.compile(r"(%[-+ #0]*\d*(?:\.\d+)?[a-zA-Z%])"), re.compile(r"(\{[^{}]*\})")


def _texts(node: ast.expr) -> list[tuple[str, str]]:
    """The literal parts of a text that is put together of several, and how MLflow allows them."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_texts(node.left), *_texts(node.right)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _formatted(node.left, _PERCENT)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _formatted(node.func.value, _BRACES)
    parts = [part.value for part in (node.values if isinstance(node, ast.JoinedStr) else [node]) if _is_text(part)]  # type: ignore[attr-defined]
    return [(text, _FORBIDDEN.sub("_", text)) for text in parts]


def _formatted(node: ast.expr, placeholder: re.Pattern[str]) -> list[tuple[str, str]]:
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return []
    parts = placeholder.split(node.value)  # every second one is a placeholder
    return [(node.value, "".join(part if i % 2 else _FORBIDDEN.sub("_", part) for i, part in enumerate(parts)))]


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def allowed_name(name: str) -> str:
    """The name as MLflow allows it: certain characters, and a path that needs no simplification."""
    cleaned = _FORBIDDEN.sub("_", name)
    simple = posixpath.normpath(cleaned).lstrip("/")
    return simple if simple not in (".", "") and not simple.startswith("..") else "metric"


def quoted(text: str) -> str:
    """A string literal as black writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if "\n" not in text else repr(text)


def joined(code: str, literal: str, tail: str) -> str:
    """Code for a name with something behind it: ``tail`` may have placeholders, then it is an f-string."""
    if literal:
        text = quoted(literal + tail)
        return "f" + text if "{" in tail else text
    simple = re.fullmatch(r"[\w.]+", code)
    return f'f"{{{code}}}{tail}"' if simple else f"{code} + {'f' if '{' in tail else ''}{quoted(tail)}"


def _value(use: Use) -> ast.expr:
    node = use.argument("value", position=1)
    if node is None:
        raise ValueError("there is no value to log")
    return node


_ARRAY = "SDK v1 logged the text of such a value as well: mlflow.log_metric takes one number"
_STARRED = "assumed that there are a name and a value, which is a number"


@rule.converts("Run.log")
def log(use: Use, to: Rewriter) -> Outcome:
    """One value: a number, a truth value or a text. What is handed on without a call is MLflow's function."""
    if use.call is None:
        return handed_log(use, to)
    if [type(node) for node in use.call.args] == [ast.Starred] and not use.call.keywords:
        return Replace(log_call(use, to, "log_metric", to.source(use.call.args[0])), _STARRED)
    if is_one_of_several(use):
        return Replace(to.lines.source(use.node), note="it may be another function, so that the call is left as it is")
    name, literal, review = _named(use, to)
    value = _value(use)
    if is_list(value, use.evaluator):
        listed = log_list(use, to)
        return assuming(listed, "the value is a list: its numbers are the steps of the metric")
    kind = kind_of(use.evaluator, value)
    code = to.source(value)
    step = use.argument("step", position=3)
    if kind == "text":
        return Replace(log_call(use, to, "log_text", code, joined(name, literal, ".txt")), review)
    if not (kind and isinstance(value, ast.Attribute)) and is_array(value, use.evaluator):
        text = log_call(use, to, "log_text", f"repr({code})", joined(name, literal, ".txt"))
        return Replace(text, together([review, _ARRAY]))
    if is_thing(value, use.evaluator):
        text = log_call(use, to, "log_text", f"str({code})", joined(name, literal, ".txt"))
        return Replace(text, together([review, _ARRAY]))
    if is_dict(use.evaluator, value):
        review = review or "SDK v1 logged the text of the dict as a metric: it is a JSON file now"
        return Replace(log_call(use, to, "log_dict", code, joined(name, literal, ".json")), review)
    if kind == "truth":
        code = f"int({code})"
    elif kind is None and use.is_statement and may_be_text(value, use.evaluator):
        text = log_call(use, to, "log_text", code, joined(name, literal, ".txt"))
        number = log_call(use, to, "log_metric", name, code, *([f"step={to.source(step)}"] if step is not None else []))
        return Statements(f"if isinstance({code}, str):\n    {text}\nelse:\n    {number}", review)
    elif kind is None:
        review = review or "assumed that the value is a number: MLflow's metrics are (mlflow.log_text is for texts)"
    arguments = [name, code] if step is None else [name, code, f"step={to.source(step)}"]
    return Replace(log_call(use, to, "log_metric", *arguments), review)


@rule.converts("Run.log_list")
def log_list(use: Use, to: Rewriter) -> Outcome:
    """Values one after the other: a step each."""
    if not use.is_statement:
        return Leave("log each value with mlflow.log_metric(name, value, step=step)")
    name, literal, review = _named(use, to)
    values = to.source(_value(use))
    kind = kind_of_items(use.evaluator, _value(use))
    if kind == "text":
        return Statements(
            log_call(use, to, "log_dict", f"{{{name}: {values}}}", joined(name, literal, ".json")), review
        )
    if kind is None:
        review = review or "assumed that the values are numbers (mlflow.log_dict is for texts)"
    step, value = loop_names(use, to, "step", "value")
    code = log_call(use, to, "log_metric", name, value, f"step={step}")
    return Statements(f"for {step}, {value} in enumerate({values}):\n    {code}", review)


def loop_names(use: Use, to: Rewriter, *wanted: str) -> list[str]:
    """Names for the variables of a loop: the wanted ones unless the code around has them for something else."""
    scope = use.evaluator.scopes.of(use.node)
    bound = {name for around in (scope, use.evaluator.scopes.module) for name in around.bindings}
    return [name if name not in bound else to.fresh(f"logged_{name}") for name in wanted]


@rule.converts("Run.log_row")
def log_row(use: Use, to: Rewriter) -> Outcome:
    """A row: a metric for each column; a row of a table where a column has texts."""
    if (row := _row_of_dict(use, to)) is not None:
        return row
    name, literal, review = _named(use, to)
    columns = {key: node for key, node in use.arguments().items() if key not in ("name", "description", 0, 1)}
    if not columns:
        return Leave("the columns of the row cannot be told: log them with mlflow.log_metrics")
    kinds = [kind_of(use.evaluator, node) for node in columns.values()]
    if "text" in kinds:
        cells = ", ".join(f'"{key}": {to.source(node)}' for key, node in columns.items())
        return Replace(log_call(use, to, "log_table", f"{{{cells}}}", joined(name, literal, ".json")), review)
    if None in kinds:
        review = review or "assumed that all columns are numbers (mlflow.log_table is for texts)"
    items = [f"{joined(name, literal, f'.{key}')}: {to.source(node)}" for key, node in columns.items()]
    return Replace(log_call(use, to, "log_metrics", "{" + ", ".join(items) + "}"), review)


def _row_of_dict(use: Use, to: Rewriter) -> Outcome | None:
    """``run.log_row("curve", x=1, **point)`` with dicts that are made at run time."""
    call = use.call
    named = {keyword.arg: keyword.value for keyword in call.keywords} if call is not None else {}
    name = call.args[0] if call is not None and call.args else named.get("name")
    rows = [keyword.value for keyword in call.keywords if keyword.arg is None] if call is not None else []
    plain = all(isinstance(row, (ast.Name, ast.Attribute)) for row in rows)
    if name is None or call is None or not rows or not plain or isinstance(name, ast.Starred):
        return None
    text = name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else ""
    allowed = allowed_name(text) if text else ""
    key, value = loop_names(use, to, "key", "value")
    metric = joined(to.source(name), allowed, f".{{{key}}}")
    columns = [
        f"{joined(to.source(name), allowed, f'.{one.arg}')}: {to.source(one.value)}"
        if one.arg is not None
        else f"**{{{metric}: {value} for {key}, {value} in {to.source(one.value)}.items()}}"
        for one in call.keywords
        if one.arg not in ("name", "description")
    ]
    whole = columns[0].removeprefix("**") if len(columns) == 1 else f"{{{', '.join(columns)}}}"
    return Replace(log_call(use, to, "log_metrics", whole), "assumed that all columns are numbers")


@rule.converts("Run.log_table")
def log_table(use: Use, to: Rewriter) -> Outcome:
    """A table: the columns as metrics, and itself as a file that the studio shows."""
    if not use.is_statement:
        return Leave("log the table with mlflow.log_table(table, file)")
    name, literal, review = _named(use, to)
    node = _value(use)
    table, lines = to.source(node), []
    if not isinstance(node, ast.Name):
        variable = to.fresh("table")
        lines.append(f"{variable} = {table}")
        table = variable
    column, values, step, value = loop_names(use, to, "column", "values", "step", "value")
    metric = log_call(use, to, "log_metric", joined(name, literal, f".{{{column}}}"), value, f"step={step}")
    lines += [
        log_call(use, to, "log_table", table, joined(name, literal, ".json")),
        f"for {column}, {values} in {table}.items():",
        f"    for {step}, {value} in enumerate({values}):",
        f"        {metric}",
    ]
    return Statements("\n".join(lines), review or "assumed that all columns are lists of numbers")


@rule.converts("Run.log_confusion_matrix", "Run.log_accuracy_table", "Run.log_predictions", "Run.log_residuals")
def log_chart(use: Use, to: Rewriter) -> Outcome:
    """Data of a chart: a JSON file."""
    name, literal, review = _named(use, to)
    value = _value(use)
    code = to.source(value)
    if isinstance(value, ast.Call) or (isinstance(value, ast.Constant) and isinstance(value.value, str)):
        review = review or "assumed that the value is a dict: a JSON text needs json.loads(...)"
    return Replace(log_call(use, to, "log_dict", code, joined(name, literal, ".json")), review)
