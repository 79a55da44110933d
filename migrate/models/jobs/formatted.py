"""Words of a command that are put together around data: ``f"folder={clean.arg_val}"``, ``f"python t.py --in {data}"``.

SDK v1 replaces what stands for data in a text when the step runs; so does SDK v2 with ``${{inputs.name}}``.
"""

from __future__ import annotations

import ast
import re
import shlex
import string

from amlbridge.migrate.models.datasets.data import INTERMEDIATE, REFERENCES, Data, follow
from amlbridge.migrate.models.jobs.arguments import PLAIN, Arguments, input_port, is_written, literal_port, output_port
from amlbridge.migrate.rewriter import Rewriter

#: What stands in a text of SDK v1 for data: its path when the step runs.
_READABLE = INTERMEDIATE | REFERENCES | {"DatasetConsumptionConfig"}
#: The option that a text ends with, for what comes next: "python train.py --data ", "--data=".
_OPTION = re.compile(r"(?:^|\s)(-[\w-]+)[=\s]\s*$")


def has_data(node: ast.expr, to: Rewriter) -> bool:
    """Whether an expression is a text that is put together, with data in it."""
    pieces = _pieces(node)
    return pieces is not None and any(isinstance(piece, ast.expr) and _data(piece, to) for piece in pieces)


def add_formatted(node: ast.expr, outputs: list[ast.expr], found: Arguments, to: Rewriter, *, line: bool) -> None:
    """Adds such a text to a command line. ``line``: it is text for the shell as it is, and not one word of it. What is
    no data is a plain value that the component gets."""
    text = ""
    plain = True
    for piece in _pieces(node) or []:
        if isinstance(piece, str):
            text += piece
            plain = plain and bool(not piece or PLAIN.match(piece))
            continue
        option = _OPTION.search(text)
        flag = option.group(1) if option is not None else ""
        data = _data(piece, to)
        if data is None:
            code = ast.unparse(piece) if isinstance(piece, ast.JoinedStr) else ""
            port, kind = literal_port(piece, flag, found, to, code), "inputs"
        elif is_written(data, outputs, found.read):
            port, kind = output_port(data, flag, found, to), "outputs"
        else:
            port, kind = input_port(data, flag, found, to), "inputs"
        text += f"${{{{{kind}.{port.name}}}}}"
    found.text(text.strip() if line else text if plain else shlex.quote(text))


def _data(node: ast.expr, to: Rewriter) -> Data | None:
    """The data that a part of a text stands for."""
    inner = node.value if isinstance(node, ast.Attribute) and node.attr == "arg_val" else node
    return follow(inner, to) if to.evaluator.type_of(inner) in _READABLE else None


def _pieces(node: ast.expr) -> list[str | ast.expr] | None:
    """The texts and expressions that a text is put together of; None for what is put together in another way."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return [piece for part in node.values for piece in _of_part(part)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _pieces(node.left), _pieces(node.right)
        return [*(left or [node.left]), *(right or [node.right])] if left or right else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str":
        return list(node.args) if len(node.args) == 1 and not node.keywords else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _of_format(node, node.func.value)
    return None


def _of_part(part: ast.expr) -> list[str | ast.expr]:
    if isinstance(part, ast.Constant):
        return [str(part.value)]
    if isinstance(part, ast.FormattedValue) and part.format_spec is None and part.conversion in (-1, ord("s")):
        return [part.value]
    return [ast.JoinedStr([part])]


def _of_format(call: ast.Call, template: ast.expr) -> list[str | ast.expr] | None:
    """The pieces of ``"--in {} --out {out}".format(a, out=b)``."""
    if not isinstance(template, ast.Constant) or not isinstance(template.value, str):
        return None
    given: dict[str, ast.expr] = {str(index): value for index, value in enumerate(call.args)}
    given |= {key.arg: key.value for key in call.keywords if key.arg}
    found: list[str | ast.expr] = []
    unnamed = 0
    try:
        parts = list(string.Formatter().parse(template.value))
    except ValueError:
        return None
    for text, name, form, conversion in parts:
        found.append(text)
        if name is None:
            continue
        if form or conversion:
            return None
        if not name:
            name, unnamed = str(unnamed), unnamed + 1
        if name not in given:
            return None
        found.append(given[name])
    return found
