"""Plain code that is laid out here as black does it: black would take a tenth of a second to be imported, and then
milliseconds for each statement."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from amlbridge.migrate.text import trees

_IMPORT = re.compile(r"(import [\w.]+( as \w+)?|from [\w.]+ import \w+( as \w+)?(, \w+( as \w+)?)*)")
_NUMBER = re.compile(r"(0|[1-9]\d*)(\.\d+)?")
#: A string that black leaves alone.
_STRING = re.compile(r'f?"[^"\\]*"')


def lay_out_plain(code: str, limit: int) -> str | None:
    """What black makes of imports, or of assignments and calls whose parts are names, constants, calls, lists and
    dicts, in lines of ``limit`` characters; None where only black knows."""
    if not code.isascii():
        return None  # some characters are two columns wide
    lines = code.split("\n")
    if all(len(line) <= limit and _IMPORT.fullmatch(line) for line in lines):
        return code
    try:
        found = [_statement(line, limit) for line in lines]
    except SyntaxError:
        return None
    texts = [text for text in found if text is not None]
    return "\n".join(texts) if len(texts) == len(lines) else None


def _statement(line: str, limit: int) -> str | None:
    body = trees.parse(line).body
    if len(body) != 1:
        return None
    (node,) = body
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and _is_dotted(node.targets[0]):
        start = f"{ast.unparse(node.targets[0])} = "
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        start = ""
    else:
        return None
    value = _text(node.value, line)
    if value is None or start + value != line:
        return None  # black would change it, or does not split it as we would
    if len(line) <= limit:
        return line
    return _split(start, node.value, line, limit) if isinstance(node.value, ast.Call) else None


def _split(start: str, call: ast.Call, line: str, limit: int) -> str | None:
    """All arguments on a line of their own, or each on one."""
    if not _is_dotted(call.func):
        return None  # black may split a chain of calls at its dots
    nodes: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    arguments = [_text(node, line) or "" for node in nodes]
    head, together = f"{start}{ast.unparse(call.func)}(", "    " + ", ".join(arguments)
    if not arguments or len(head) > limit:
        return None
    if len(together) <= limit:
        return f"{head}\n{together}\n)"
    each = [f"    {argument}," for argument in arguments]
    fits = all(len(part) <= limit or _is_whole(node) for part, node in zip(each, nodes, strict=True))
    return "\n".join([head, *each, ")"]) if len(each) > 1 and fits else None


def _is_whole(node: ast.expr | ast.keyword) -> bool:
    """Whether black cannot split an argument, however long it is."""
    value = node.value if isinstance(node, ast.keyword) else node
    return isinstance(value, (ast.Constant, ast.JoinedStr)) or _is_dotted(value)


def _is_dotted(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _is_dotted(node.value))


def _text(node: ast.expr | ast.keyword, line: str) -> str | None:
    """Black's text of an expression; None for what is not plain."""
    if isinstance(node, (ast.Constant, ast.JoinedStr)):
        text = line[node.col_offset : node.end_col_offset]
        fixed = isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))
        return text if fixed or _STRING.fullmatch(text) or _NUMBER.fullmatch(text) else None
    if isinstance(node, ast.keyword):
        return _joined(f"{node.arg}=", [node.value], "", line) if node.arg else None
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
        return _member(node, line)
    if isinstance(node, ast.List):
        return _joined("[", node.elts, "]", line)
    if isinstance(node, ast.Dict):
        return _dict(node, line)
    return None


def _member(node: ast.Call | ast.Attribute | ast.Subscript, line: str) -> str | None:
    of = node.func if isinstance(node, ast.Call) else node.value
    start = _text(of, line) if isinstance(of, (ast.Name, ast.Call, ast.Attribute, ast.Subscript)) else None
    if start is None:
        return None
    if isinstance(node, ast.Attribute):
        return f"{start}.{node.attr}"
    if isinstance(node, ast.Subscript):
        return _joined(f"{start}[", [node.slice], "]", line)
    return _joined(f"{start}(", [*node.args, *node.keywords], ")", line)


def _joined(start: str, nodes: Sequence[ast.expr | ast.keyword], end: str, line: str) -> str | None:
    texts = [_text(node, line) for node in nodes]
    return None if None in texts else f"{start}{', '.join(filter(None, texts))}{end}"


def _dict(node: ast.Dict, line: str) -> str | None:
    items = []
    for key, value in zip(node.keys, node.values, strict=True):
        left, right = _text(key, line) if key is not None else None, _text(value, line)
        if left is None or right is None:
            return None
        items.append(f"{left}: {right}")
    return f"{{{', '.join(items)}}}"
