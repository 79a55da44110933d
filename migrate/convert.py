"""One module of SDK v1 becomes one of SDK v2."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence, Set
from itertools import pairwise
from typing import cast

from amlbridge.migrate.analysis.chosen import mapped
from amlbridge.migrate.analysis.derived import bases
from amlbridge.migrate.analysis.displays import displays_in
from amlbridge.migrate.analysis.foreign import foreign_workspaces
from amlbridge.migrate.analysis.handed import Handed, Link, branches
from amlbridge.migrate.analysis.known import home_of
from amlbridge.migrate.analysis.mocks import mocked, patched
from amlbridge.migrate.analysis.unbound import unbound_workspace
from amlbridge.migrate.analysis.unknown_calls import deployed_by_mlflow, registering
from amlbridge.migrate.analysis.uses import Use, find_uses
from amlbridge.migrate.analysis.values import Evaluator, Instance, Symbol
from amlbridge.migrate.attempt import NEW
from amlbridge.migrate.cleanup.exported_names import without_lost
from amlbridge.migrate.cleanup.imports import is_standard, narrowed, remove_line, v1_imports
from amlbridge.migrate.cleanup.lost_names import lost_names, makers, undefined_names
from amlbridge.migrate.cleanup.spare import written
from amlbridge.migrate.cleanup.star_imports import imported_below
from amlbridge.migrate.cleanup.taken_back import taken_back
from amlbridge.migrate.cleanup.told import comment, tell_lost_names, tell_magics
from amlbridge.migrate.findings import BadInputError, Finding, Status
from amlbridge.migrate.ignores import Ignores
from amlbridge.migrate.mixtures.beside import forget_clients_beside, forgotten, makers_beside
from amlbridge.migrate.mixtures.unseen import leave_unknown, tell_unseen
from amlbridge.migrate.models.code.other_values import of_sdk_v1
from amlbridge.migrate.module import CELL_MARK, Conversion, ModuleText, Options
from amlbridge.migrate.no_equivalent import is_slip
from amlbridge.migrate.outcomes import findings
from amlbridge.migrate.project.handing import adopt, hand_bridge, hand_client, hand_run
from amlbridge.migrate.project.modules import Project
from amlbridge.migrate.registry import Leave, handlers
from amlbridge.migrate.rewriter import CLIENT, CONNECTED, Attempt, Rewriter
from amlbridge.migrate.text import trees
from amlbridge.migrate.text.edits import Edits, Lines
from amlbridge.migrate.text.layout import lay_out, spaced, squeezed, trimmed
from amlbridge.migrate.text.moved import moved

#: After so many attempts everything that could hang together hangs together.
_ATTEMPTS = 12
_PYTHON_2 = re.compile(r"^\s*(print\s+[^(=\s]|except\s+\w+\s*,\s*\w+\s*:|exec\s+[\"'])", re.MULTILINE)


def convert_module(module: ModuleText, project: Project, options: Options) -> Conversion:
    """Converts a module. Raises BadInputError for a text that is no Python 3."""
    evaluator = project.evaluator(module) or Evaluator(parse(module), project.around(module.path))
    tree = evaluator.tree
    uses = of_sdk_v1(find_uses(evaluator))
    imports = v1_imports(evaluator)
    mocks = patched(evaluator)
    if not uses and not imports and not mocks:
        return Conversion(module.text)
    attempt = Attempt(module.masked_names)
    for _ in range(_ATTEMPTS):
        to = settled(module, evaluator, uses, project, options, attempt, project.kept(module, evaluator))
        tell_magics(module, to)
        named = len(attempt.names)  # writing may find that a bridge needs a name which new code has taken
        text = _written(to, tree, imports)
        lost = lost_names(evaluator, text)
        before = attempt.size
        for use in makers(lost, uses):
            attempt.keep(use.node, None)
        if attempt.size == before and len(attempt.names) == named:
            break
    text = without_lost(evaluator, tell_lost_names(lost, text, to), options.line_length)
    if not any(isinstance(outcome, Leave) for _rule, outcome in to.outcomes.values()) and not to.notes:
        for argument in sorted(to.attempt.plain, key=_position)[:1]:
            message = "a workspace of SDK v1 as well: what is called here stays SDK v1, see there"
            to.note(argument, "workspace", "Workspace", message)
    for node, name in mocks:
        to.note(node, "mocks", name, _MOCKED)
    tell_unseen(to)
    told = tuple(findings(to))
    if (
        not imports
        and not mocks
        and not to.memory.get(_FROM_SDK)
        and not any(finding.status in (Status.CONVERTED, Status.REVIEW) for finding in told)
    ):
        return Conversion(module.text)  # it only gets objects of others, which stay as they are
    unread = sorted(name for name in module.unread_names if unbound_workspace(name, evaluator) is not None)
    if unread:
        return taken_back(module, told, f"as a cell that is no Python makes {unread[0]}: mend it")
    return Conversion(text, told, to.created)


def settled(
    module: ModuleText,
    evaluator: Evaluator,
    uses: list[Use],
    project: Project,
    options: Options,
    attempt: Attempt,
    elsewhere: Collection[ast.AST],
) -> Rewriter:
    """Decides what becomes of each use, until nothing more has to stay v1. ``elsewhere``: the objects that have to stay
    v1 for the sake of other modules."""
    lines, ignores = Lines(module.text), Ignores.of(module.text)
    handed = Handed.of(evaluator)
    attempt.foreign.update(foreign_workspaces(evaluator))
    attempt.kept.update(attempt.foreign)
    for use in bases(uses, evaluator.scopes):
        rule = next((handlers()[symbol][0] for symbol in use.symbols if symbol in handlers()), None)
        attempt.reasons[use.node] = rule, Leave("a class of this file derives from it: write that one for SDK v2")
    for use in mocked(uses):
        rule = next((handlers()[symbol][0] for symbol in use.symbols if symbol in handlers()), None)
        attempt.reasons[use.node] = rule, Leave("a mock of it: mock what the converted code calls")
    for _ in range(_ATTEMPTS):
        to = Rewriter(lines, evaluator, uses, options, attempt)
        project.settle(to, module)
        for parameter, argument in handed.workspaces:
            made = evaluator.value(argument)
            if parameter not in attempt.kept and isinstance(made, Instance) and made.origin in attempt.kept:
                hand_client(argument, to)
        for parameter, argument in handed.runs:
            given = evaluator.value(argument)
            if parameter not in attempt.kept and isinstance(given, Instance):
                hand_run(argument, given, to)
        for argument in sorted(attempt.bridged, key=_position):
            hand_bridge(argument, to)
        for call in sorted(attempt.adopted - attempt.kept, key=_position):
            adopt(call, to)
        _decide(to, ignores)
        before = attempt.size
        _keep_what_is_left(to, attempt, handed)
        attempt.kept.update(elsewhere)
        if attempt.size == before:
            break
    return to


def parse(module: ModuleText) -> ast.Module:
    """The syntax tree of a module. Raises BadInputError for a text that is no Python 3."""
    try:
        return trees.tree_of(module.text)
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        if _PYTHON_2.search(module.text):
            raise BadInputError(
                "python-2", f"this is Python 2 (line {line}): bring it to Python 3 first", line, column
            ) from error
        raise BadInputError("syntax-error", f"no Python: {error.msg}", line, column) from error
    except (RecursionError, MemoryError, ValueError) as error:
        raise BadInputError("syntax-error", f"cannot be parsed: {error}") from error


def _position(node: ast.AST) -> tuple[int, int]:
    return node.lineno, node.col_offset  # type: ignore[attr-defined]


def _decide(to: Rewriter, ignores: Ignores) -> None:
    def ignored(use: Use, rule: str) -> bool:
        last = use.node.end_lineno or use.node.lineno
        return ignores.covers(use.statement.lineno, last, rule)

    to.ignored = ignored
    to.find_idioms()
    scopes = to.evaluator.scopes
    for use in to.uses:
        inside = any(node in to.outcomes for node in scopes.ancestors(use.node) if isinstance(node, ast.expr))
        if not inside or _is_left(to, use) or not to.attempt.both.isdisjoint(scopes.ancestors(use.node)):
            to.outcome(use)
    to.leave_unwritable()


def _is_left(to: Rewriter, use: Use) -> bool:
    """Whether the nearest use around is left, so that this one stays as well."""
    around = next((node for node in to.evaluator.scopes.ancestors(use.node) if node in to.outcomes), None)
    return around is not None and isinstance(to.outcomes[around][1], Leave)  # type: ignore[index]


def _keep_what_is_left(to: Rewriter, attempt: Attempt, handed: Handed) -> None:
    """What a use that is left takes, and what is made from that, has to stay v1 as well."""
    for use in to.uses:
        rule, outcome = to.outcomes.get(use.node, (None, None))
        if not isinstance(outcome, Leave):
            continue
        attempt.reasons.setdefault(use.node, (rule, outcome))
        if rule is None and is_slip(use):
            continue
        cause = to.cause(use) if outcome == CONNECTED else use
        attempt.keep(use.node, cause)
        made = to.evaluator.value(use.node)
        if isinstance(made, Instance) and made.origin is not None and made.type != "Workspace":
            attempt.keep(made.origin, cause)
        for other in makers_beside(use, to.evaluator):
            attempt.keep(other, cause)
        for value in to.connected(use, unbridged=True):
            for one in branches(to.evaluator, use.node, value):
                if one.origin is not None:
                    attempt.keep(one.origin, cause)
        over = mapped(use.node, to.evaluator)
        if over is not None and over.origin is not None:
            attempt.keep(over.origin, cause)
        assigned = use.statement.value if use.symbol.endswith("=") and isinstance(use.statement, ast.Assign) else None
        if assigned is not None and to.bridge(assigned) is not None:
            attempt.bridged.add(assigned)
        _keep_what_is_listed(use, cause, to, attempt)
        for node in ast.walk(use.node):
            named = isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))
            named = named and to.evaluator.type_of(node) == "Workspace"  # type: ignore[arg-type]
            if named and to.bridge(node) is None:
                to.keep_workspace(node)  # type: ignore[arg-type]
        to.source(use.node)  # a bridge needs a workspace
    _keep_for_unknown(to, attempt)
    leave_unknown(to)
    for node, _name in patched(to.evaluator):
        comment(node, "mocks", _MOCKED, to)
    attempt.names |= _names_left(to)
    _hand_on(to, attempt, handed)
    _hand_workspaces_on(to, attempt, handed)


_MOCKED = "the test puts a mock in the place of what SDK v1 had: mock what the converted code calls"
_UNKNOWN = "nobody knows what is registered here with SDK v1's workspace: register it with ml_client"
_OLD_MLFLOW = (
    "mlflow.azureml takes a workspace of SDK v1, and is gone in MLflow 2: register the model (mlflow.register_model), "
    "and deploy it with a ManagedOnlineDeployment"
)


def _keep_for_unknown(to: Rewriter, attempt: Attempt) -> None:
    """What registers itself with a workspace is of SDK v1, whatever it is, and gets the workspace of SDK v1."""
    told = [(argument, _UNKNOWN) for argument in registering(to.evaluator)]
    for argument, why in [*told, *((argument, _OLD_MLFLOW) for argument in deployed_by_mlflow(to.evaluator))]:
        to.keep_workspace(argument)
        attempt.plain.add(argument)
        to.note(argument, "workspace", "Workspace", why)
        comment(argument, "workspace", why, to)


def _keep_what_is_listed(use: Use, cause: Use | None, to: Rewriter, attempt: Attempt) -> None:
    """What is in the lists and dicts that a call which is left takes by name has to stay v1, too."""
    for display in displays_in(use.call, to.evaluator) if use.call is not None else ():
        for node in ast.walk(display):
            value = to.evaluator.value(node) if isinstance(node, (ast.Name, ast.Attribute, ast.Call)) else None
            if not isinstance(value, Instance) or value.origin is None:
                continue
            if value.type != "Workspace":
                attempt.keep(value.origin, cause)
            elif isinstance(node, ast.Name) and node not in attempt.plain:
                to.keep_workspace(node)
                attempt.plain.add(node)


def _hand_workspaces_on(to: Rewriter, attempt: Attempt, handed: Handed) -> None:
    """A function that stays v1 gets the v1 workspace. So does one that code which stays v1 calls."""
    for parameter, argument in handed.workspaces:
        if _is_in_what_is_left(to, argument):
            attempt.keep(parameter, None)
        if parameter in attempt.kept and argument not in attempt.plain:
            to.keep_workspace(argument)
            attempt.plain.add(argument)


def _is_in_what_is_left(to: Rewriter, node: ast.AST) -> bool:
    around = (to.outcomes.get(at, (None, None))[1] for at in to.evaluator.scopes.ancestors(node))  # type: ignore[call-overload]
    return any(isinstance(outcome, Leave) for outcome in around)


def _hand_on(to: Rewriter, attempt: Attempt, handed: Handed) -> None:
    """What a function gets as a parameter and what is passed to it stay v1 together, as do a call and what it gives;
    except where a bridge leads to the object, or its name is enough."""
    kept = attempt.kept
    before = -1
    while before != len(kept):
        before = len(kept)
        for link in handed.links:
            if link.taker in kept and link.giver not in kept:
                if link.argument is not None and to.bridge(link.argument) is not None:
                    attempt.bridged.add(link.argument)
                else:
                    attempt.keep(link.giver, attempt.causes.get(link.taker))
            elif link.giver in kept and link.taker not in kept and not (link.by_name or link.of_mlflow):
                if _can_be_adopted(to, link):
                    attempt.adopted.add(link.taker)
                else:
                    attempt.keep(link.taker, attempt.causes.get(link.giver))


def _can_be_adopted(to: Rewriter, link: Link) -> bool:
    """Whether a v2 environment can be made of what the function of another module gives."""
    statement = to.evaluator.scopes.parents.get(link.taker)
    variable = isinstance(statement, ast.Assign) and len(statement.targets) == 1
    given = isinstance(link.taker, ast.Call) and link.argument is None and link.type == "Environment"
    return given and variable and isinstance(statement.targets[0], ast.Name)  # type: ignore[union-attr]


def _written(to: Rewriter, tree: ast.Module, imports: list[ast.Import | ast.ImportFrom]) -> str:
    edits = written(to, tree, imports)
    if _forget_unread(to, edits.apply()):
        to.gone.clear()
        edits = written(to, tree, imports)
    text = edits.apply()
    used = trees.parsed(text).used | to.attempt.masked_names
    _remove_unread_imports(edits, to, used)
    _settle_own_imports(edits, to, used)
    left = _names_left(to) & used
    starred = any(alias.name == "*" for node in imports for alias in node.names)
    missing = undefined_names(text) - to.imports.locals_of(used) if starred else set()
    anchor = _first_with(imports, to)
    below = imported_below(edits, to, used, anchor, text)
    new = to.imports.lines_of(used - below, anchor)
    for node in imports:
        names = narrowed(node, to.evaluator, left | to.imports.reused, missing)
        mine = "\n".join(new) if node is anchor else ""
        if names is None and not mine:
            continue
        kept = to.lines.source(node) if names is None else names
        _replace_import(edits, to, node, "\n".join(filter(None, [mine, kept])))
    if anchor not in imports and new:
        _insert_imports(edits, to, tree, new, anchor)
    if not edits:
        return to.lines.text
    text = squeezed(moved(edits.apply(), to.options.line_length), to.lines.text)
    made = cast("tuple[str, ...]", to.memory.get(NEW, ()))
    if made or ("dsl.pipeline" in text and "dsl.pipeline" not in to.lines.text):
        return trimmed(spaced(text, made), to.lines.text)
    text = trimmed(text, to.lines.text)
    trees.tree_of(text)
    return text


def _remove_unread_imports(edits: Edits, to: Rewriter, used: Set[str]) -> None:
    """Takes away what the module imported for code of SDK v1 only, such as logging for ``verbosity=logging.INFO``."""
    if to.path.name == "__init__.py":
        return
    gone = trees.parsed(to.lines.text).used - used - to.exported() - to.read_elsewhere()
    for node in to.evaluator.tree.body:
        if not isinstance(node, (ast.Import, ast.ImportFrom)) or "noqa" in to.lines.line(node):
            continue
        names = [alias.asname or alias.name for alias in node.names]
        if gone.issuperset(names) and is_standard(node):
            to.gone.add(node)
            remove_line(edits, to.lines, node)


#: Where it is noted that a class of SDK v1 comes from SDK v1 itself now.
_FROM_SDK = "from SDK v1"


def _settle_own_imports(edits: Edits, to: Rewriter, used: Set[str]) -> None:
    """Takes away what the module imported of others of the project and does not read any more: a class or an object of
    SDK v1, which those may not have any more either. A class that it reads still comes from SDK v1 itself."""
    if to.path.name == "__init__.py":
        return
    kept = used | to.exported() | to.read_elsewhere()
    for node in to.evaluator.scopes.every(ast.ImportFrom):
        if "noqa" in to.lines.line(node):
            continue
        left, direct = [], []
        for alias in node.names:
            found = to.evaluator.surroundings.exported(node.module or "", alias.name, node.level)
            home = home_of(found.name) if isinstance(found, Symbol) else None
            if not isinstance(found, (Symbol, Instance)) or ((alias.asname or alias.name) in kept and home is None):
                left.append(alias)
            elif (alias.asname or alias.name) in kept:
                direct.append(f"from {home} import {ast.unparse(alias)}")
        if len(left) < len(node.names):
            to.memory[_FROM_SDK] = bool(direct) or to.memory.get(_FROM_SDK, False)
            names = ", ".join(map(ast.unparse, left))
            own = [f"from {'.' * node.level}{node.module or ''} import {names}"] if left else []
            _replace_import(edits, to, node, "\n".join([*direct, *own]))


def _forget_unread(to: Rewriter, text: str) -> bool:
    """Takes back workspaces that were to stay beside their client, and clients beside a workspace, that nothing reads
    in the end. Whether there are any."""
    read = trees.parsed(text).read
    unread = set()
    for made in to.attempt.both:
        statement = to.evaluator.scopes.parents.get(made)
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(target, ast.Name) and target.id not in read:
            unread.add(made)
    to.attempt.both -= unread
    if CLIENT in read or CLIENT in to.exported() | to.read_elsewhere():
        return bool(unread)
    alone = to.attempt.both - forgotten(to)
    for made in [made for made in alone if isinstance(made, ast.expr)]:
        forgotten(to).add(made)
        if made in to.outcomes:
            to.outcomes[made] = to.outcomes[made][0], CONNECTED
    return forget_clients_beside(to) or bool(unread or alone)


def _replace_import(edits: Edits, to: Rewriter, node: ast.stmt, code: str) -> None:
    lines = to.lines
    start, end = lines.span(node)
    alone = not lines.text[lines.line_start(start) : start].strip()
    if code:
        indent = lines.indent_at(start)
        edits.replace(start, end, lay_out(code, indent, to.options.line_length)[len(indent) :] if alone else code)
    elif alone and not _only_statement(to, node):
        to.gone.add(node)
        remove_line(edits, lines, node)
    else:
        edits.replace(start, end, "pass")


def _only_statement(to: Rewriter, node: ast.stmt) -> bool:
    parent = to.evaluator.scopes.parents.get(node)
    if isinstance(parent, ast.Module):
        return False
    blocks = [getattr(parent, name, None) or [] for name in ("body", "orelse", "finalbody", "handlers")]
    block = next((block for block in blocks if node in block), [])
    return bool(block) and to.gone.issuperset(other for other in block if other is not node)


def _first_with(imports: Sequence[ast.stmt], to: Rewriter) -> ast.stmt | None:
    """The first statement of a module that imports SDK v1 when it runs, if only in a block of it. None where the module
    has its objects from another one."""
    for node in to.evaluator.tree.body if imports else ():
        if isinstance(node, (ast.Try, ast.If)) and set(imports) <= set(node.body) and _does_without(node, to):
            return next(part for part in node.body if part in imports)
        if isinstance(node, (ast.Try, ast.If, ast.With)):
            if any(part in imports for part in ast.walk(node)):
                return node
        elif node in imports:
            return node
    return None


def _does_without(node: ast.Try | ast.If, to: Rewriter) -> bool:
    """Whether the module goes on without the package that a block of it imports: in the rest, too, what is of SDK v1
    only runs under the same condition."""
    if isinstance(node, ast.Try):
        return any(map(_is_for_import, node.handlers))
    test = ast.unparse(node.test)
    return all(_is_under(use.statement, test, to) for use in to.uses)


def _is_under(statement: ast.stmt, test: str, to: Rewriter) -> bool:
    around = [statement, *to.evaluator.scopes.ancestors(statement)]
    return any(
        isinstance(outer, ast.If) and inner in outer.body and ast.unparse(outer.test) == test
        for inner, outer in pairwise(around)
    )


#: What an import that fails raises, and what that is one of.
_FAILS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def _is_for_import(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches an import that fails."""
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in _FAILS for kind in kinds)


def _insert_imports(edits: Edits, to: Rewriter, tree: ast.Module, new: list[str], at: ast.stmt | None) -> None:
    """A module whose v1 imports are all inside of functions: above its first statement, below docstring and cell
    mark. ``at``: the statement that has the first of them, where it is one that runs at once."""
    lines = to.lines
    if at is not None:
        start = lines.line_start(lines.span(at)[0])
        edits.replace(start, start, "\n".join(new) + "\n")
        return
    body = tree.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(body) > 1:
        first = body[1]
    while isinstance(first, ast.ImportFrom) and first.module == "__future__" and body.index(first) + 1 < len(body):
        first = body[body.index(first) + 1]
    start = lines.line_start(lines.span(first)[0])
    apart = "\n\n" if isinstance(first, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else ""
    edits.replace(start, start, "\n".join(new) + "\n" + apart)


def _names_left(to: Rewriter) -> set[str]:
    """The names that uses that stay v1 need imported."""
    found = {name for name in to.attempt.masked_names if name in to.evaluator.scopes.module.bindings}
    for use in to.uses:
        outcome = to.outcomes.get(use.node, (None, None))[1]
        unasked = outcome is None and not _covered(to, use)
        both = any(node in to.attempt.both for node in (use.node, *to.evaluator.scopes.ancestors(use.node)))
        if isinstance(outcome, Leave) or both or unasked:
            found.update(node.id for node in ast.walk(use.node) if isinstance(node, ast.Name))
    return found


def _covered(to: Rewriter, use: Use) -> bool:
    around = next((node for node in to.evaluator.scopes.ancestors(use.node) if node in to.outcomes), None)
    return around is not None and not isinstance(to.outcomes[around][1], Leave)  # type: ignore[index]


__all__ = ["CELL_MARK", "Finding", "Status", "convert_module", "parse"]
