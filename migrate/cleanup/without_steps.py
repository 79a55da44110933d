"""The text of a module without the code that only put the steps of a pipeline together.

Used for pipelines whose steps a traced run tells: a mark stands in place of their list, and what only led there goes.
That is what nothing else reads and what does nothing but make objects. Everything else stays.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from amlbridge.migrate.analysis.scopes import Scope
from amlbridge.migrate.analysis.uses import Use, find_uses
from amlbridge.migrate.analysis.values import Evaluator, Function
from amlbridge.migrate.models.steps.steps import STEPS
from amlbridge.migrate.text.edits import Lines

#: Members of SDK v1 that only describe something or look it up.
_QUIET = frozenset(
    {"as_named_input", "as_mount", "as_download", "as_upload", "as_direct", "as_hdfs", "as_dataset", "as_input"}
    | {"read_delimited_files", "read_parquet_files", "parse_delimited_files", "parse_parquet_files"}
    | {"register_on_complete", "run_after", "get", "get_by_name", "get_by_id", "get_default_datastore", "path"}
    | {"from_conda_specification", "from_pip_requirements", "from_existing_conda_environment", "from_files"}
    | {"from_delimited_files", "from_parquet_files", "from_json_lines_files", "keep_columns", "drop_columns", "clone"}
    | {
        "add_pip_package",
        "add_conda_package",
        "add_channel",
        "set_python_version",
        "set_pip_option",
        "set_pip_requirements",
        "create_data_path",
    }
)
#: Classes of SDK v1 whose making does something.
_LOUD = frozenset({"Experiment", "Run", "Pipeline", "PublishedPipeline", "PipelineEndpoint"})
_BUILTINS = frozenset(
    {"list", "dict", "tuple", "set", "str", "int", "float", "bool", "range", "enumerate", "zip", "len", "sorted"}
    | {"reversed", "min", "max", "sum", "print", "getattr", "isinstance", "map", "filter", "any", "all", "repr"}
)
_METHODS = frozenset(
    {"append", "extend", "insert", "update", "add", "setdefault", "format", "join", "split", "strip", "replace"}
    | {"get", "items", "keys", "values", "copy", "lower", "upper", "startswith", "endswith", "rstrip", "lstrip"}
    | {"getenv", "abspath", "dirname", "basename", "realpath"}
)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CONTAINERS = (ast.If, ast.For, ast.While, ast.Try)

#: A variable: the scope that has it, and its name.
_Key = tuple[Scope, str]


@dataclass(frozen=True)
class Narrowed:
    """The new text. ``lines``: for each of its lines (from 1) the line of the old text that it was. ``gone``: where
    what is not there any more begins and ends in the old text, each a line and a column (from 1)."""

    text: str
    lines: tuple[int, ...]
    gone: tuple[tuple[tuple[int, int], tuple[int, int]], ...]

    def is_gone(self, line: int, column: int) -> bool:
        """Whether a place of the old text is not there any more."""
        return any(first <= (line, column) <= last for first, last in self.gone)


def without_steps(text: str, evaluator: Evaluator, steps: ast.expr, mark: str, elsewhere: Collection[str]) -> Narrowed:
    """The text with ``mark`` in place of the expression ``steps``. ``elsewhere``: names that other modules read."""
    found = _Unread(evaluator, steps, elsewhere)
    lines = Lines(text)
    edits = [(*lines.span(steps), f'"{mark}"')]
    gone = [(_place(lines, edits[0][0]), _place(lines, edits[0][1]))]
    began = ended = -1
    for statement in found.outermost(lines):
        start, end = lines.span(statement)
        gone.append((_place(lines, start), _place(lines, end)))
        first, last = _lines_of(start, end, lines)
        began = first if first != ended else began
        if text[:began].endswith("\n\n"):
            # Blank lines above what goes are enough.
            while last < len(text) and not text[last : lines.line_end(last)].strip():
                last = min(lines.line_end(last) + 1, len(text))
        ended = last
        edits.append((first, last, f"{lines.indent_at(start)}pass\n" if found.leaves_empty(statement) else ""))
    return Narrowed(*_edited(text, lines, sorted(edits)), tuple(gone))


def _lines_of(start: int, end: int, lines: Lines) -> tuple[int, int]:
    """The lines of a statement, with the comments directly above it."""
    first = lines.line_start(start)
    for comment in lines.comments_above(first):
        first = lines.line_start(lines.text.rfind(comment, 0, first))
    return first, min(lines.line_end(end) + 1, len(lines.text))


def _place(lines: Lines, offset: int) -> tuple[int, int]:
    return lines.line_number(offset), offset - lines.line_start(offset) + 1


def _edited(text: str, lines: Lines, edits: list[tuple[int, int, str]]) -> tuple[str, tuple[int, ...]]:
    """The text with its edits, and the old number of each line."""
    parts: list[str] = []
    #: For each part: where it begins in the new text, where in the old one, and whether it was there.
    begins: list[tuple[int, int, bool]] = []
    length = at = 0
    for start, end, new in [*edits, (len(text), len(text), "")]:
        for piece, old, kept in ((text[at:start], at, True), (new, start, False)):
            begins.append((length, old, kept))
            parts.append(piece)
            length += len(piece)
        at = end
    result = "".join(parts)
    numbers = []
    for offset in [0, *(index + 1 for index, char in enumerate(result) if char == "\n")]:
        begin, old, kept = begins[bisect_right(begins, offset, key=lambda item: item[0]) - 1]
        numbers.append(lines.line_number(min(old + offset - begin if kept else old, len(text))))
    return result, tuple(numbers)


class _Unread:
    """The statements that nothing needs when nothing reads ``steps``."""

    def __init__(self, evaluator: Evaluator, steps: ast.expr, elsewhere: Collection[str]) -> None:
        self._evaluator = evaluator
        self._scopes = evaluator.scopes
        self._elsewhere = elsewhere
        self._inside = set(ast.walk(steps))
        self._uses: dict[ast.expr, Use] = {use.node: use for use in find_uses(evaluator)}
        self._bound: dict[ast.stmt, set[_Key]] = {}
        self._makers: dict[_Key, set[ast.stmt]] = {}
        for scope in self._scopes.all:
            for name, bindings in scope.bindings.items():
                for binding in bindings:
                    if binding.statement is not None:
                        self._bound.setdefault(binding.statement, set()).add((scope, name))
        self._statements = [node for node in self._scopes.parents if isinstance(node, ast.stmt)]
        for statement in self._statements:
            for key in self._made(statement):
                self._makers.setdefault(key, set()).add(statement)
        self.gone = self._fixed(self._closure(steps))

    # -- what reads and makes what ------------------------------------------------------------------------------------

    def _made(self, statement: ast.stmt) -> set[_Key]:
        """What a statement binds or changes."""
        found = set(self._bound.get(statement, ()))
        roots: list[ast.expr] = []
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            roots.append(statement.value.func)
        if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            roots += [target for target in targets if not isinstance(target, ast.Name)]
        for root in roots:
            node = root
            while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
                node = node.func if isinstance(node, ast.Call) else node.value
            if isinstance(node, ast.Name) and node is not root:
                found |= self._keys(node)
        return found

    def _keys(self, name: ast.Name) -> set[_Key]:
        return {(binding.scope, name.id) for binding in self._scopes.lookup(name.id, name)}

    def _reads(self, node: ast.AST) -> Iterator[_Key]:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load) and inner not in self._inside:
                yield from self._keys(inner)

    @staticmethod
    def _own(statement: ast.stmt) -> list[ast.AST]:
        """The parts of a statement that belong to no statement inside."""
        inner = {child for child in ast.iter_child_nodes(statement) if isinstance(child, (ast.stmt, ast.ExceptHandler))}
        return [child for child in ast.iter_child_nodes(statement) if child not in inner]

    def _closure(self, steps: ast.expr) -> set[ast.stmt]:
        """The statements that lead to the steps."""
        found: set[ast.stmt] = set()
        waiting = [key for node in ast.walk(steps) if isinstance(node, ast.Name) for key in self._keys(node)]
        seen: set[_Key] = set()
        while waiting:
            key = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            for statement in self._makers.get(key, ()):
                if statement in found:
                    continue
                found.add(statement)
                whole = isinstance(statement, _DEFINITIONS)
                for part in [statement] if whole else self._own(statement):
                    waiting += self._reads(part)
                for around in self._scopes.ancestors(statement):
                    if isinstance(around, _CONTAINERS):
                        waiting += [read for part in self._own(around) for read in self._reads(part)]
        return found

    # -- what may go --------------------------------------------------------------------------------------------------

    def _fixed(self, closure: set[ast.stmt]) -> set[ast.stmt]:
        gone = {statement for statement in closure if self._is_quiet(statement)}
        gone |= {node for node in self._statements if isinstance(node, _CONTAINERS) and self._is_quiet_container(node)}
        while True:
            for container in [node for node in gone if isinstance(node, _CONTAINERS)]:
                if not all(child in gone for child in _children(container)):
                    gone.discard(container)
            read = {key for statement in self._statements if not self._is_inside(statement, gone)
                    for part in self._own(statement) for key in self._reads(part)}  # fmt: skip
            kept = {s for s in gone if any(self._is_wanted(key, read) for key in self._made(s))}
            if not kept:
                return gone
            gone -= kept

    def _is_wanted(self, key: _Key, read: set[_Key]) -> bool:
        scope, name = key
        return key in read or (scope.is_module and name in self._elsewhere)

    def _is_inside(self, statement: ast.stmt, gone: set[ast.stmt]) -> bool:
        return statement in gone or any(node in gone for node in self._scopes.ancestors(statement))

    def _is_quiet_container(self, node: ast.stmt) -> bool:
        children = list(_children(node))
        own = [part for part in self._own(node) if not (isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store))]
        return bool(children) and not isinstance(node, (ast.Try, ast.While)) and all(map(self._is_quiet_value, own))

    def _is_quiet(self, statement: ast.stmt) -> bool:
        if isinstance(statement, (*_DEFINITIONS, ast.Import, ast.ImportFrom)):
            return not getattr(statement, "decorator_list", [])
        if isinstance(statement, ast.For):
            return False  # decided with its body
        if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)):
            return statement.value is not None and self._is_quiet_value(statement.value)
        return False

    def _is_quiet_value(self, value: ast.AST) -> bool:
        odd = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)
        return all(
            not isinstance(node, odd) and (not isinstance(node, ast.Call) or self._is_quiet_call(node))
            for node in ast.walk(value)
        )

    def _is_quiet_call(self, call: ast.Call) -> bool:
        use = self._uses.get(call)
        if use is not None:
            return _is_quiet_symbol(use.symbol)
        function = self._evaluator.value(call.func)
        if isinstance(function, Function):
            return _only_makes(function)
        if isinstance(call.func, ast.Name):
            return call.func.id in _BUILTINS
        return isinstance(call.func, ast.Attribute) and call.func.attr in _METHODS

    # -- what goes as a whole ------------------------------------------------------------------------------------------

    def outermost(self, lines: Lines) -> list[ast.stmt]:
        """The statements that go, without those inside of others that go, and without those that share a line."""
        found = [node for node in self.gone if not any(around in self.gone for around in self._scopes.ancestors(node))]
        return sorted((node for node in found if _is_alone(node, lines)), key=lines.span)

    def leaves_empty(self, statement: ast.stmt) -> bool:
        """Whether it is the first of a block of which nothing stays."""
        block = self._scopes.block(statement)
        return block is not None and block[0] is statement and all(node in self.gone for node in block)


def _children(node: ast.stmt) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler):
            yield from child.body


def _is_alone(node: ast.stmt, lines: Lines) -> bool:
    start, end = lines.span(node)
    before = lines.text[lines.line_start(start) : start]
    behind = lines.text[end : lines.line_end(end)].strip()
    return not before.strip() and (not behind or behind.startswith("#"))


def _only_makes(function: Function) -> bool:
    """Whether a function of the project only makes objects, as far as its text tells, and makes steps."""
    uses = {use.node: use for use in find_uses(function.evaluator)}
    made = [use for node, use in uses.items() if _within(node, function)]
    if not any(use.symbol in STEPS or use.symbol.partition(".")[0] in STEPS for use in made):
        return False
    return all(use.call is None or _is_quiet_symbol(use.symbol) for use in made)


def _is_quiet_symbol(symbol: str) -> bool:
    """Whether a call of SDK v1 only describes something or looks it up."""
    owner, _, member = symbol.rpartition(".")
    return member in _QUIET or (not owner and member not in _LOUD) or symbol == "CondaDependencies.create"


def _within(node: ast.AST, function: Function) -> bool:
    return any(around is function.node for around in function.evaluator.scopes.ancestors(node))
