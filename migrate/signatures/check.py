"""Whether code uses only names, attributes and keywords that SDK v2 has.

Imports are resolved, and attributes and calls on what they lead to; objects are followed through plain assignments,
annotated parameters, loops over results and calls of ``@dsl.pipeline`` functions. What is not known is not judged.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from amlbridge.migrate.signatures.table import Entry, Table, v2_table
from amlbridge.migrate.text.trees import FUNCTIONS, parsed

#: Modules whose names are in the table; others are not judged.
ROOTS = ("azure.ai.ml", "azure.identity", "azure.keyvault.secrets", "azure.core.exceptions", "mlflow", "mltable")
_POLLER, _EACH = "poller:", "each:"
_PIPELINE_JOB = "azure.ai.ml.entities.PipelineJob"
#: A function of the user's that is decorated as a pipeline.
_PIPELINE_FUNCTION = "function:pipeline"


@dataclass(frozen=True)
class Problem:
    """Something that SDK v2 has not. ``line`` and ``column`` count from 1."""

    line: int
    column: int
    message: str


@dataclass(frozen=True)
class _Known:
    """What an expression is: a symbol itself (``type`` False), or an object of one of these types."""

    paths: tuple[str, ...]
    type: bool = True


@dataclass(frozen=True)
class _Annotation:
    """What is bound is an object of the class that this expression names."""

    node: ast.expr


@dataclass(frozen=True)
class _Element:
    """What is bound is an element of this expression."""

    node: ast.expr


_Bound = ast.expr | _Known | _Annotation | _Element | None


def check_generated(source: str) -> list[Problem]:
    """What the code uses that SDK v2 has not, in the order of the lines. Raises SyntaxError for what is no Python."""
    checker = _Checker(v2_table())
    checker.run(parsed(source).nodes)
    return sorted(set(checker.problems), key=lambda problem: (problem.line, problem.column, problem.message))


class _Checker:
    def __init__(self, table: Table) -> None:
        self.table = table
        self.problems: list[Problem] = []
        # Names of the whole module. A name that is bound to different things is not judged.
        self.names: dict[str, _Known | None] = {}

    def run(self, nodes: Sequence[ast.AST]) -> None:
        for node in nodes:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
        # Bindings may use names that are bound further down (in functions): twice is enough in practice.
        imported, bindings = dict(self.names), list(_bindings(nodes))
        for _round in range(2):
            seen = dict(imported)
            for name, value in bindings:
                known = self._bound(value)
                seen[name] = known if seen.get(name, known) == known else None
            self.names = seen
        for node in nodes:
            if isinstance(node, ast.Attribute):
                self._attribute(node)
            elif isinstance(node, ast.Call):
                self._call(node)

    # Names

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for item in node.names:
                if _is_ours(item.name):
                    self._exists(item.name, node)
                    bound = item.asname or item.name.partition(".")[0]
                    self.names[bound] = _Known((item.name if item.asname else bound,), type=False)
            return
        if node.level or not node.module or not (_is_ours(node.module) or _leads_to_ours(node.module)):
            return
        for item in node.names:
            path = f"{node.module}.{item.name}"
            if item.name != "*" and (_is_ours(path) or _leads_to_ours(path)):
                self._exists(path, node)
                self.names[item.asname or item.name] = _Known((path,), type=False)

    def _exists(self, path: str, node: ast.AST) -> bool:
        if not _is_ours(path) or any(part.startswith("_") for part in path.split(".")):
            return True
        if self.table.canonical(path) is not None:
            return True
        owner = self.table.entries.get(path.rpartition(".")[0])
        if owner is not None and owner.open:
            return True
        if self.table.names_below(path):
            return True
        self._problem(node, f"there is no {path}")
        return False

    def _bound(self, value: _Bound) -> _Known | None:
        if isinstance(value, ast.expr):
            return self._value(value)
        if isinstance(value, _Annotation):
            known = self._value(value.node)
            kind = self._entry(known.paths[0]) if known is not None and not known.type else (None, "")
            return _Known((kind[1],)) if kind[0] is not None and kind[0].kind == "class" else None
        if isinstance(value, _Element):
            known = self._value(value.node)
            if known is None or not all(path.startswith(_EACH) for path in known.paths):
                return None
            return _Known(tuple(path.removeprefix(_EACH) for path in known.paths))
        return value

    # Values

    def _value(self, node: ast.expr) -> _Known | None:
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            return self._member(self._value(node.value), node.attr)
        return self._result(node) if isinstance(node, ast.Call) else None

    def _member(self, owner: _Known | None, name: str) -> _Known | None:
        if owner is None:
            return None
        if not owner.type:
            return _Known((f"{owner.paths[0]}.{name}",), type=False)
        found: list[str] = []
        for path in owner.paths:
            member = None if ":" in path else self.table.member(path, name)
            if path.startswith(_POLLER) and name == "result":
                return _Known((f"{path}.result",), type=False)
            if member is None:
                return None
            found.append(member)
        entries = [self.table.entries[member] for member in found]
        if all(entry.kind == "method" for entry in entries):
            return _Known(tuple(found), type=False)
        gives = tuple(path for entry in entries for path in entry.gives)
        return _Known(gives) if gives else None

    def _result(self, node: ast.Call) -> _Known | None:
        called = self._value(node.func)
        if called is None or called.type:
            return None
        gives: list[str] = []
        for path in called.paths:
            if path.startswith(_POLLER):
                gives.append(path.removeprefix(_POLLER).removesuffix(".result"))
                continue
            if path == _PIPELINE_FUNCTION:
                return _Known((_PIPELINE_JOB,))
            entry, canonical = self._entry(path)
            if entry is None:
                return None
            gives += [canonical] if entry.kind == "class" else entry.gives
        # MLClient.from_config and the like give what they belong to.
        return _Known(tuple(gives)) if gives and all(gives) else None

    def _entry(self, path: str) -> tuple[Entry | None, str]:
        canonical = self.table.canonical(path)
        return (self.table.entries[canonical], canonical) if canonical else (None, path)

    # Uses

    def _attribute(self, node: ast.Attribute) -> None:
        owner = self._value(node.value)
        if owner is None or node.attr.startswith("_"):
            return
        if not owner.type:
            self._symbol_attribute(owner.paths[0], node)
            return
        for path in owner.paths:
            if path.startswith(_EACH):
                return
            if path.startswith(_POLLER):
                path = "azure.core.polling.LROPoller"
            if path not in self.table.entries or self._has(path, node.attr):
                return
        shown = {"LROPoller" if path.startswith(_POLLER) else path.rpartition(".")[2] for path in owner.paths}
        names = " or ".join(sorted(shown))
        self._problem(node, f"{names} has no attribute {node.attr}")

    def _symbol_attribute(self, path: str, node: ast.Attribute) -> None:
        if not _is_ours(path):
            return
        canonical = self.table.canonical(path)
        entry = self.table.entries.get(canonical or "")
        if entry is None:
            return
        if entry.kind == "module":
            self._exists(f"{path}.{node.attr}", node)
        elif entry.kind == "class" and canonical is not None and not self._has(canonical, node.attr):
            self._problem(node, f"{path} has no attribute {node.attr}")

    def _has(self, path: str, name: str) -> bool:
        """Whether objects of a type have an attribute; they may be of a class that derives from it."""
        if self.table.member(path, name) is not None:
            return True
        if any(self.table.entries[cls].open for cls in self.table.lineage(path)):
            return True
        return any(f"{sub}.{name}" in self.table.entries for sub in self.table.descendants(path))

    def _call(self, node: ast.Call) -> None:
        called = self._value(node.func)
        if called is None or called.type:
            return
        entries = [(path, self._entry(path)[0]) for path in called.paths]
        wrong: list[list[str]] = []
        for path, entry in entries:
            if entry is None or entry.kind not in ("class", "function", "method"):
                return
            wrong.append(_mistakes(node, entry, path))
        if all(wrong):
            for message in wrong[0]:
                self._problem(node, message)

    def _problem(self, node: ast.AST, message: str) -> None:
        self.problems.append(Problem(getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1, message))


def _mistakes(node: ast.Call, entry: Entry, path: str) -> list[str]:
    """What a call gives that the function does not take, and what it needs and does not get."""
    if entry.open and "**" in entry.takes and not entry.more:
        return []
    found = []
    given = {keyword.arg for keyword in node.keywords if keyword.arg is not None}
    found += [f"{path} takes no keyword {name}" for name in sorted(given - entry.keywords)]
    unpacked = any(keyword.arg is None for keyword in node.keywords)
    starred = any(isinstance(argument, ast.Starred) for argument in node.args)
    positional = entry.positional
    if positional is not None and not starred:
        if len(node.args) > len(positional):
            found.append(f"{path} takes {len(positional)} positional arguments, not {len(node.args)}")
        given |= set(positional[: len(node.args)])
    if not unpacked and not starred:
        found += [f"{path} needs {name}" for name in entry.required if name not in given]
    return found


def _bindings(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, _Bound]]:
    """Names and what they are bound to; None for what is not followed."""
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _targets(target, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and isinstance(node.target, ast.Name):
            if node.value is not None:
                yield node.target.id, node.value
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            yield from _targets(node.target, _Element(node.iter))
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            yield from _targets(node.optional_vars, node.context_expr if _is_start_run(node.context_expr) else None)
        elif isinstance(node, FUNCTIONS):
            yield node.name, _Known((_PIPELINE_FUNCTION,), type=False) if _is_pipeline(node) else None
            parameters = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            for item in parameters:
                yield item.arg, _Annotation(item.annotation) if item.annotation is not None else None
        elif isinstance(node, (ast.ClassDef, ast.ExceptHandler)) and node.name:
            yield node.name, None


def _targets(target: ast.expr, value: _Bound) -> Iterator[tuple[str, _Bound]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _targets(element, None)
    elif isinstance(target, ast.Starred):
        yield from _targets(target.value, None)


def _is_start_run(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith("start_run")


def _is_pipeline(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    for decorator in node.decorator_list:
        name = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if name in ("pipeline", "dsl.pipeline", "azure.ai.ml.dsl.pipeline", "ml.dsl.pipeline"):
            return True
    return False


def _is_ours(path: str) -> bool:
    return any(path == root or path.startswith(f"{root}.") for root in ROOTS)


def _leads_to_ours(path: str) -> bool:
    return any(root.startswith(f"{path}.") for root in ROOTS)
