"""Lists of packages that have variables: what they name of SDK v1 is written as packages of SDK v2.

packages = read() + ["azureml-core"]           for package in ["azureml-core", "pandas"]:
packages.append("azureml-dataprep")                conda.add_pip_package(package)
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.requirements import converted, package_of
from amlbridge.migrate.rewriter import Rewriter

_PUTTING = ("append", "extend", "insert")
_DISPLAYS = (ast.List, ast.Tuple)


def rename_listed(name: ast.Name, to: Rewriter, kept: Collection[str]) -> None:
    """Writes the packages of SDK v2 in all that a variable is the list of, unless something else reads it. ``kept``:
    packages of SDK v1 that are still needed. What any environment gets is not listed twice."""
    scopes = to.evaluator.scopes
    bound = scopes.lookup(name.id, name)
    everywhere = bound[0].scope.bindings[name.id] if bound else []
    if not everywhere or any(one.kind not in ("assign", "augment") or one.value is None for one in everywhere):
        return
    places: list[tuple[ast.expr, ast.Call | None]] = [(one.value, None) for one in everywhere if one.value is not None]
    for read in Objects.of(to).reads(name.id):
        if read is name or not (found := scopes.lookup(name.id, read)) or found[0].scope is not bound[0].scope:
            continue
        call = _putting(read, to)
        if call is not None:
            places.append((call.args[-1], call))
        elif not _is_taken(read, to):
            return
    for value, call in places:
        if call is not None and call.func.attr == "append":  # type: ignore[attr-defined]
            _rename_appended(value, call, to, kept)
        else:
            for display in _displays(value):
                _rename_elements(display, to, kept)


def rename_looped(name: ast.expr, to: Rewriter, kept: Collection[str]) -> None:
    """The same for the list of a loop that adds its packages one by one, and does nothing else with them."""
    scopes = to.evaluator.scopes
    bound = scopes.bindings_of(name)
    if not isinstance(name, ast.Name) or len(bound) != 1 or bound[0].kind != "element" or bound[0].value is None:
        return
    reads = [read for read in Objects.of(to).reads(name.id) if scopes.lookup(name.id, read) == bound]
    if not all(_is_added(read, to) for read in reads):
        return
    for display in _displays(bound[0].value):
        _rename_elements(display, to, kept)
    if isinstance(bound[0].value, ast.Name):
        rename_listed(bound[0].value, to, kept)


def is_added_to(name: ast.Name, to: Rewriter) -> bool:
    """Whether packages are put into the list of a variable after it is made."""
    scopes = to.evaluator.scopes
    bound = scopes.lookup(name.id, name)
    same = [read for read in Objects.of(to).reads(name.id) if scopes.lookup(name.id, read)[:1] == bound[:1]]
    augmented = bool(bound) and any(one.kind == "augment" for one in bound[0].scope.bindings[name.id])
    return augmented or any(_putting(read, to) is not None for read in same)


def _is_added(read: ast.Name, to: Rewriter) -> bool:
    parent = to.evaluator.scopes.parents.get(read)
    call = to.evaluator.scopes.parents.get(parent) if isinstance(parent, ast.keyword) else parent
    use = to.use_of(call) if call is not None else None
    return use is not None and use.symbol == "CondaDependencies.add_pip_package"


def _putting(read: ast.Name, to: Rewriter) -> ast.Call | None:
    """The call, a statement of its own, that puts something into the list."""
    parents = to.evaluator.scopes.parents
    method = parents.get(read)
    call = parents.get(method) if isinstance(method, ast.Attribute) and method.attr in _PUTTING else None
    alone = isinstance(call, ast.Call) and call.func is method and isinstance(parents.get(call), ast.Expr)
    return call if alone and isinstance(call, ast.Call) and call.args and not call.keywords else None


def _is_taken(read: ast.Name, to: Rewriter) -> bool:
    """Whether a list goes into something that becomes v2 as well, or is only shown, or only its packages are added."""
    parents = to.evaluator.scopes.parents
    parent = parents.get(read)
    if isinstance(parent, ast.For) and parent.iter is read and isinstance(parent.target, ast.Name):
        inside = Objects.of(to).reads(parent.target.id)
        return all(_is_added(one, to) for one in inside if parent in to.evaluator.scopes.ancestors(one))
    around = [node for node in to.evaluator.scopes.ancestors(read) if isinstance(node, ast.Call)]
    shown = bool(around) and isinstance(around[0].func, ast.Name) and around[0].func.id in ("print", "len")
    return shown or any(to.use_of(node) is not None for node in around)


def _displays(node: ast.expr) -> Iterator[ast.List | ast.Tuple]:
    """The lists that are written out in a sum, and in ``list(...)`` of them."""
    if isinstance(node, _DISPLAYS):
        yield node
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _displays(node.left)
        yield from _displays(node.right)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "list" and node.args:
        yield from _displays(node.args[0])


def _instead(text: str, kept: Collection[str]) -> list[str]:
    given = [] if package_of(text) in kept else converted([], kept=kept)
    return [line for line in converted([text], tracking=False, kept=kept) if line not in given]


def _quoted(text: str) -> str:
    return repr(text) if '"' in text or "\\" in text else f'"{text}"'


def _rename_elements(display: ast.List | ast.Tuple, to: Rewriter, kept: Collection[str]) -> None:
    texts = [to.evaluator.text(element) for element in display.elts]
    if not any(text is not None and text.startswith("azureml-") for text in texts):
        return
    codes: dict[str, None] = {}
    for element, text in zip(display.elts, texts, strict=True):
        codes.update(dict.fromkeys([to.source(element)] if text is None else map(_quoted, _instead(text, kept))))
    listed = ", ".join(codes)
    to.rename(display, f"[{listed}]" if isinstance(display, ast.List) else f"({listed}{',' * (len(codes) == 1)})")


def _rename_appended(node: ast.expr, call: ast.Call, to: Rewriter, kept: Collection[str]) -> None:
    text = to.evaluator.text(node)
    if text is None or not text.startswith("azureml-"):
        return
    new, statement = _instead(text, kept), to.evaluator.scopes.statement_of(call)
    assert statement is not None and isinstance(call.func, ast.Attribute)
    listed = ", ".join(map(_quoted, new))
    if len(new) == 1:
        to.rename(node, _quoted(new[0]))
    else:
        to.replace_statement(statement, f"{to.source(call.func.value)}.extend([{listed}])" if new else "")
