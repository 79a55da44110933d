"""What code adds to a list before it is read: ``words.append("--data")``, ``words += more``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from amlbridge.migrate.analysis.handed_steps import root_of
from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter


@dataclass(frozen=True)
class Addition:
    """A statement that changes a list. ``added``: what is appended; ``more``: the list that it is extended by; neither
    for any other change."""

    statement: ast.stmt
    added: ast.expr | None = None
    more: ast.expr | None = None


def additions(node: ast.Name, to: Rewriter) -> list[Addition]:
    """The statements that change the list that a variable holds, in the order of the text."""
    scopes = to.evaluator.scopes
    made = base(node, to)
    if made is None:
        return []
    found = []
    for name in Objects.of(to).reads(node.id):
        attribute = scopes.parents.get(name)
        call = scopes.parents.get(attribute) if isinstance(attribute, ast.Attribute) else None
        statement = scopes.statement_of(name)
        if isinstance(call, ast.Call) and call.func is attribute and statement is not None and base(name, to) is made:
            found.append(_addition(call, statement))
    for binding in made.scope.bindings[node.id]:
        if isinstance(binding.statement, ast.AugAssign) and base(binding.node, to) is made:
            found.append(Addition(binding.statement, more=binding.statement.value))
    return sorted(found, key=lambda addition: addition.statement.lineno)


def _addition(call: ast.Call, statement: ast.stmt) -> Addition:
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    alone = isinstance(statement, ast.Expr) and statement.value is call and len(call.args) == 1 and not call.keywords
    if alone and method == "append":
        return Addition(statement, added=call.args[0])
    return Addition(statement, more=call.args[0]) if alone and method == "extend" else Addition(statement)


def grows(made: ast.expr, to: Rewriter) -> bool:
    """Whether the variable or item that a list was made for is added to later: what another name of it, or a function,
    gives is more than the text of the list."""
    targets = _made_for(made, to)
    return bool(later(made, to)) or any(is_changed(target, to) for target in targets)


def later(made: ast.expr, to: Rewriter) -> list[Addition]:
    """The statements that change a list which the code writes out, by the variable that it was made for."""
    reads = [
        name
        for target in _made_for(made, to)
        if isinstance(target, ast.Name)
        for name in Objects.of(to).reads(target.id)
    ]
    held = [name for name in reads if (binding := base(name, to)) is not None and binding.value is made]
    return additions(held[0], to) if held else []


def _made_for(made: ast.expr, to: Rewriter) -> list[ast.expr]:
    statement = to.evaluator.scopes.parents.get(made)
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign) else []


def is_changed(node: ast.expr, to: Rewriter) -> bool:
    """Whether code changes what is in a dict, list or object after it was made, where an expression is one of its
    items: ``words["train"]`` with ``words[step] += more``."""
    if not isinstance(node, (ast.Subscript, ast.Attribute)):
        return False
    if "changed items" not in to.memory:
        to.memory["changed items"] = {root_of(item) for item in _changed_items(to)}
    changed = to.memory["changed items"]
    assert isinstance(changed, set)
    return root_of(node) in changed


def _changed_items(to: Rewriter) -> Iterator[ast.expr]:
    for method in ("append", "extend", "insert", "remove", "pop", "clear", "update"):
        for call in to.evaluator.calls().get(method, ()):
            owner = call.func.value if isinstance(call.func, ast.Attribute) else None
            if isinstance(owner, (ast.Subscript, ast.Attribute)):
                yield owner
    for node in to.evaluator.scopes.parents:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        )
        yield from (target for target in targets if isinstance(target, ast.Subscript))


def base(node: ast.AST, to: Rewriter) -> Binding | None:
    """The assignment that makes the list of a variable, None where it may be another one."""
    if not isinstance(node, ast.Name):
        return None
    scopes = to.evaluator.scopes
    bindings = scopes.lookup(node.id, node)
    if not bindings:
        return None
    made = [binding for binding in bindings[0].scope.bindings[node.id] if binding.kind != "augment"]
    if bindings[0].scope is scopes.of(node):
        reaching = [binding for binding in bindings if binding.kind != "augment"]
        made = reaching or [binding for binding in made if binding.position <= (node.lineno, node.col_offset)][-1:]
    return made[0] if len(made) == 1 and made[0].kind == "assign" and made[0].statement is not None else None


def straight(node: ast.Name, found: list[Addition], to: Rewriter) -> bool:
    """Whether all changes of a list follow its making in the same block, before it is read in or below that: each of
    them happens once."""
    made, scopes = base(node, to), to.evaluator.scopes
    block = scopes.block(made.statement) if made is not None and made.statement is not None else None
    around = [scopes.block(statement) for statement in scopes.ancestors(node) if isinstance(statement, ast.stmt)]
    same = all(scopes.block(addition.statement) is block for addition in found)
    before = all(addition.statement.lineno < node.lineno for addition in found)
    return block is not None and same and before and any(outer is block for outer in around)


def is_spent(name: ast.Name, to: Rewriter) -> bool:
    """Whether a variable holds a list that code adds to, and whose elements steps have taken: nothing else reads it."""
    from amlbridge.migrate.models.pipelines.flow import Flow

    made, found = base(name, to), additions(name, to)
    listed = made is not None and made.is_alone and isinstance(made.value, (ast.List, ast.Tuple))
    if made is None or not listed or not found or any(a.added is None and a.more is None for a in found):
        return False
    flow, scopes = Flow.of(to), to.evaluator.scopes
    changes = {addition.statement for addition in found}
    for node in Objects.of(to).reads(name.id):
        if base(node, to) is not made:
            continue
        taken = any(flow.covers(around) for around in scopes.ancestors(node)) and straight(node, found, to)
        if scopes.statement_of(node) not in changes and not taken:
            return False
    return True


def added_to(node: ast.AST, to: Rewriter) -> ast.Name | None:
    """The variable of the list that the statement of a node adds to."""
    statement = to.evaluator.scopes.statement_of(node)
    if isinstance(statement, ast.AugAssign):
        return statement.target if isinstance(statement.target, ast.Name) else None
    call = statement.value if isinstance(statement, ast.Expr) else None
    owner = call.func.value if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else None
    return owner if isinstance(owner, ast.Name) else None


def remove_spent(node: ast.expr | None, to: Rewriter) -> None:
    """Removes the statements that only put together a list whose elements steps have taken."""
    for name in ast.walk(node) if node is not None else ():
        if isinstance(name, ast.Name) and is_spent(name, to):
            made = base(name, to)
            assert made is not None and made.statement is not None
            for statement in (made.statement, *(addition.statement for addition in additions(name, to))):
                to.remove(statement)
