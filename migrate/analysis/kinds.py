"""Whether a Python expression gives a number, a truth value, a text or a figure: what decides how it is logged.

Nothing is executed; None is the answer where it is not known.
"""

from __future__ import annotations

import ast
from typing import Literal

from amlbridge.migrate.analysis.functions import returns
from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.values import Evaluator, Function

Kind = Literal["number", "truth", "text", "figure"]

_NUMBERS = frozenset(
    ["float", "int", "len", "round", "sum", "abs", "time", "perf_counter", "float32", "float64", "int32", "int64"]
)
_TEXTS = frozenset(
    {"str", "repr", "format", "join", "dumps", "strftime", "isoformat", "asctime", "ctime", "basename", "dirname"}
    | {"input", "getenv", "getcwd", "gethostname"}
)
_TRUTHS = frozenset(
    ["bool", "bool_", "isinstance", "all", "any", "startswith", "endswith", "exists", "isfile", "isdir", "is_available"]
)
#: What the functions of numpy, scikit-learn and of their arrays give that end so: accuracy_score, mean_squared_error.
_NUMBER_ENDINGS = ("_score", "_error", "_loss", "_variance", "mean", "std", "average", "item", "score", "norm", "sqrt")
#: What the objects of SDK v1 are called by.
_NAMES = frozenset({"id", "name", "url", "resource_group", "subscription_id", "location", "scoring_uri"})
#: Functions of scikit-learn that give several arrays.
_CURVES = frozenset({"precision_recall_curve", "roc_curve", "det_curve", "calibration_curve"})
_FIGURES = frozenset({"figure", "gcf", "Figure", "get_figure"})
_PYPLOT = "matplotlib.pyplot"
#: More steps than any expression needs; what refers to itself ends here.
_DEPTH = 12


def is_list(node: ast.expr, evaluator: Evaluator) -> bool:
    """Whether an expression is a list of values, or an array, for sure."""
    if isinstance(node, ast.Name):
        bindings = evaluator.scopes.lookup(node.id, node)
        return bool(bindings) and all(_holds_list(binding) for binding in bindings)
    return _makes_list(node)


def _holds_list(binding: Binding) -> bool:
    value = binding.value
    if binding.kind == "unpack" and isinstance(value, ast.Call):
        called = value.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        return name in _CURVES
    return binding.kind == "assign" and value is not None and _makes_list(value)


def _makes_list(node: ast.expr) -> bool:
    listed = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "tolist"
    if isinstance(node, ast.Subscript):  # ``fitted.history["loss"]`` of Keras
        of_epochs = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
        return of_epochs and getattr(node.value, "attr", "") == "history"
    return listed or isinstance(node, (ast.List, ast.ListComp, ast.Tuple))


#: Attributes of modules, classes and functions that are texts: ``torch.__version__``.
_DESCRIBING = frozenset({"__version__", "__name__", "__qualname__", "__module__", "__doc__"})


def kind_of(evaluator: Evaluator, node: ast.expr, depth: int = 0) -> Kind | None:
    """The kind of what an expression of the evaluator's module gives."""
    if depth > _DEPTH:
        return None
    if isinstance(node, ast.Constant):
        return _of_constant(node.value)
    if isinstance(node, (ast.JoinedStr, ast.FormattedValue)):
        return "text"
    if isinstance(node, ast.Compare) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
        return "truth"
    if isinstance(node, ast.UnaryOp):
        return kind_of(evaluator, node.operand, depth + 1)
    if isinstance(node, ast.BinOp):
        return _of_operation(evaluator, node, depth)
    if isinstance(node, (ast.IfExp, ast.BoolOp)):
        parts = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
        return _agreed([kind_of(evaluator, part, depth + 1) for part in parts])
    if isinstance(node, ast.Call):
        return _of_call(node) or _of_function(evaluator, node, depth)
    if isinstance(node, ast.Name):
        bindings = evaluator.scopes.lookup(node.id, node)
        return _agreed([_of_binding(evaluator, binding, depth) for binding in bindings]) if bindings else None
    if isinstance(node, ast.Attribute):
        named = node.attr in _DESCRIBING or (node.attr in _NAMES and evaluator.type_of(node.value) is not None)
        return "text" if named else _of_argument(evaluator, node)
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        return _of_item(evaluator, node.value)
    return None


def _of_item(evaluator: Evaluator, listed: ast.expr) -> Kind | None:
    """The kind of the items of a list: names are texts, those of columns and of what a dict has."""
    if isinstance(listed, ast.Name):
        values = [binding.value for binding in evaluator.scopes.lookup(listed.id, listed) if binding.kind == "assign"]
        given = [value for value in values if value is not None and not isinstance(value, ast.Name)]
        return _agreed([_of_item(evaluator, value) for value in given]) if given else None
    if isinstance(listed, ast.Call) and called(listed) in ("list", "sorted", "tuple") and listed.args:
        return _of_item(evaluator, listed.args[0])
    named = called(listed) if isinstance(listed, ast.Call) else getattr(listed, "attr", "")
    if named == "environ":
        return "text"
    return (
        "text"
        if named in ("keys", "columns", "tags", "get_tags") and isinstance(listed, (ast.Call, ast.Attribute))
        else None
    )


def is_dict(evaluator: Evaluator, node: ast.expr) -> bool:
    """Whether an expression is known to give a dict: of what is written there, or is assigned to the variable."""
    if isinstance(node, ast.Name):
        bindings = evaluator.scopes.lookup(node.id, node)
        values = [binding.value if binding.kind == "assign" else None for binding in bindings]
        return bool(values) and all(value is not None and _gives_dict(value) for value in values)
    return _gives_dict(node)


def _gives_dict(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        wanted = any(word.arg == "output_dict" for word in node.keywords)  # of classification_report
        return called(node) in ("dict", "to_dict", "get_params", "vars") or wanted
    return isinstance(node, (ast.Dict, ast.DictComp)) or getattr(node, "attr", "") == "best_params_"


def kind_of_items(evaluator: Evaluator, node: ast.expr, depth: int = 0) -> Kind | None:
    """The kind of what is in the list that an expression gives."""
    if depth > _DEPTH:
        return None
    if isinstance(node, (ast.List, ast.Tuple)):
        return _agreed([kind_of(evaluator, item, depth + 1) for item in node.elts])
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        return kind_of(evaluator, node.elt, depth + 1)
    if isinstance(node, ast.Call):
        if called(node) in ("list", "sorted", "tuple") and node.args:
            of_table = isinstance(node.args[0], ast.Attribute) and node.args[0].attr == "columns"
            return "text" if of_table else kind_of_items(evaluator, node.args[0], depth + 1)
        if called(node) in ("tolist", "to_list") and isinstance(node.func, ast.Attribute):
            return "text" if getattr(node.func.value, "attr", "") == "columns" else None
        return "text" if called(node) in ("split", "splitlines", "listdir", "glob") else None
    if isinstance(node, ast.Name):
        values = [binding.value for binding in evaluator.scopes.lookup(node.id, node) if binding.kind == "assign"]
        return _agreed([kind_of_items(evaluator, value, depth + 1) for value in values if value is not None])
    return None


def is_pyplot(evaluator: Evaluator, node: ast.expr) -> bool:
    """Whether an expression is the module matplotlib.pyplot, which SDK v1 took for its current figure."""
    if isinstance(node, ast.Attribute):
        return ast.unparse(node) == _PYPLOT
    if not isinstance(node, ast.Name):
        return False
    for binding in evaluator.scopes.lookup(node.id, node):
        statement, alias = binding.statement, binding.node
        if isinstance(alias, ast.alias):
            above = f"{statement.module}." if isinstance(statement, ast.ImportFrom) else ""
            if above + alias.name == _PYPLOT:
                return True
    return False


def _of_constant(value: object) -> Kind | None:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else None


def _of_operation(evaluator: Evaluator, node: ast.BinOp, depth: int) -> Kind | None:
    kinds = [kind_of(evaluator, part, depth + 1) for part in (node.left, node.right)]
    if "text" in kinds:
        return "text"
    if isinstance(node.op, (ast.Div, ast.FloorDiv, ast.Pow, ast.Sub)) and "number" in kinds:
        return "number"
    return "number" if "number" in kinds else None


def _of_call(node: ast.Call) -> Kind | None:
    name = called(node)
    if name == "classification_report":
        return None if any(word.arg == "output_dict" for word in node.keywords) else "text"
    if name in _NUMBERS or name.endswith(_NUMBER_ENDINGS):
        return "number"
    if name in _TEXTS:
        return "text"
    if name in _TRUTHS:
        return "truth"
    if name == "get" and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value).endswith("environ"):
        return "text"
    return "figure" if name in _FIGURES else None


def _of_function(evaluator: Evaluator, node: ast.Call, depth: int) -> Kind | None:
    """The kind of what a function of the module gives, where all that it returns is of one kind."""
    bindings = evaluator.scopes.lookup(node.func.id, node.func) if isinstance(node.func, ast.Name) else []
    function = bindings[0].node if len(bindings) == 1 else None
    if not isinstance(function, ast.FunctionDef) or function.decorator_list:
        return None
    kinds = [kind_of(evaluator, value, depth + 4) for value in returns(function)]
    return None if None in kinds else _agreed(kinds)


def called(node: ast.Call) -> str:
    """The last part of the name of what is called, "" if it has none."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _of_binding(evaluator: Evaluator, binding: Binding, depth: int) -> Kind | None:
    if binding.kind in ("assign", "augment") and binding.value is not None:
        return kind_of(evaluator, binding.value, depth + 1)
    if binding.kind == "element" and isinstance(binding.value, ast.Call) and called(binding.value) == "range":
        return "number"
    if binding.kind == "unpack" and isinstance(binding.value, ast.Call) and called(binding.value) == "subplots":
        return "figure" if binding.index == 0 else None
    return _of_type(binding.node.annotation) if isinstance(binding.node, ast.arg) else None


def _of_type(node: ast.expr | None) -> Kind | None:
    name = node.id if isinstance(node, ast.Name) else ""
    kinds: dict[str, Kind] = {"float": "number", "int": "number", "bool": "truth", "str": "text"}
    return kinds.get(name)


def _of_argument(evaluator: Evaluator, node: ast.Attribute) -> Kind | None:
    """``args.rate``, by the ``add_argument`` that declares it."""
    if not isinstance(node.value, ast.Name):
        return None
    declared = declaration(evaluator, node.attr) or _declared_elsewhere(evaluator, node)
    if declared is None:
        return None
    given = {keyword.arg: keyword.value for keyword in declared.keywords}
    if "type" in given:
        return _of_type(given["type"])
    action = given.get("action")
    if isinstance(action, ast.Constant) and action.value in ("store_true", "store_false"):
        return "truth"
    return "text" if action is None else None


def _declared_elsewhere(evaluator: Evaluator, node: ast.Attribute) -> ast.Call | None:
    """The declaration of an argument that a function of another module parses: ``args = parse_args()``."""
    for binding in evaluator.scopes.bindings_of(node.value):
        made = evaluator.value(binding.value.func) if isinstance(binding.value, ast.Call) else None
        if isinstance(made, Function) and made.evaluator is not evaluator:
            return declaration(made.evaluator, node.attr)
    return None


def declaration(evaluator: Evaluator, name: str) -> ast.Call | None:
    """The call of ``add_argument`` that makes argparse's attribute of a name, or None."""
    for call in evaluator.calls().get("add_argument", ()):
        if name == destination(call):
            return call
    return None


def destination(call: ast.Call) -> str:
    """The attribute that an ``add_argument`` call makes, "" if that is not literal."""
    for keyword in call.keywords:
        if keyword.arg == "dest":
            return keyword.value.value if isinstance(keyword.value, ast.Constant) else ""  # type: ignore[return-value]
    options = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    long = [option for option in options if option.startswith("--")] or options
    return long[0].lstrip("-").replace("-", "_") if long else ""


def _agreed(kinds: list[Kind | None]) -> Kind | None:
    known = {kind for kind in kinds if kind is not None}
    return known.pop() if len(known) == 1 else None
