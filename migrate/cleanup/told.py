"""Comments at places of which no rule tells: a magic of a notebook, a mock, a name that nothing defines any more."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set

from amlbridge.migrate.analysis.scopes import Binding, Scopes, scopes_of
from amlbridge.migrate.module import MAGIC_MARK, ModuleText
from amlbridge.migrate.registry import Leave
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.edits import Edits, Lines
from amlbridge.migrate.text.statements import TODO
from amlbridge.migrate.text.trees import parsed, walk


def comment(node: ast.AST, rule: str, message: str, to: Rewriter) -> None:
    """Puts a comment above the statement of something that is left, unless an earlier conversion has done so."""
    statement, told = to.evaluator.scopes.statement_of(node), TODO.format(rule, message)
    if statement is None or told in to.inserted.get(statement, ()):
        return
    if told not in to.lines.comments_above(to.lines.line_start(to.lines.span(statement)[0])):
        to.before(statement, told)


# Magics -------------------------------------------------------------------------------------------------------------


def tell_magics(module: ModuleText, to: Rewriter) -> None:
    """Tells of the lines that are no Python and read what has become an object of SDK v2, at each of them; of a cell
    that is no Python at all, and of the ``%%magic`` that nothing may stand above, where the object is made."""
    statements = _masking(module.text, to) if module.names_of_magics else {}
    for binding in _changed_for_magics(to):
        message = f"a magic or shell line reads {binding.name}, which is an object of SDK v2 now: change that line"
        reading = [mark for mark, names in module.names_of_magics.items() if binding.name in names]
        for place in dict.fromkeys(statements.get(mark, binding.node) for mark in reading) or (binding.node,):
            to.note(place, "magic", binding.name, message)
            comment(place, "magic", message, to)


def _changed_for_magics(to: Rewriter) -> list[Binding]:
    """The variables that lines which are no Python read, and that hold what has become an object of SDK v2."""
    found = []
    for name in sorted(to.attempt.masked_names):
        for binding in to.evaluator.scopes.module.bindings.get(name, ())[-1:]:
            made = binding.value if binding.kind == "assign" else None
            use = to.maker(made)
            if use is not None and use.node in to.outcomes and not isinstance(to.outcome(use), Leave):
                found.append(binding)
    return found


def _masking(text: str, to: Rewriter) -> dict[int, ast.AST]:
    """The statements that stand for magics, by the numbers of these. A line that goes on a magic belongs to it."""
    by_line = {node.lineno: node for node in walk(to.evaluator.tree) if isinstance(node, (ast.Pass, ast.Assign))}
    found: dict[int, ast.AST] = {}
    last: ast.AST | None = None
    for number, line in enumerate(text.split("\n"), 1):
        code, mark, index = line.rpartition(MAGIC_MARK)
        last = (by_line.get(number) if code.strip() else last) if mark and index.isdigit() else None
        if last is not None:
            found[int(index)] = last
    return found


# Names --------------------------------------------------------------------------------------------------------------


def tell_lost_names(names: Set[str], text: str, to: Rewriter) -> str:
    """The new text with a comment above the first statement that reads each of the names which nothing defines any
    more. Adds their findings."""
    if not names:
        return text
    waiting = {name: f"the new code reads {name}, which nothing defines: define it" for name in sorted(names)}
    for name, message in waiting.items():
        to.note(_place_of(name, to), "lost-name", name, message)
    scopes, lines = scopes_of(parsed(text).tree), Lines(text)
    edits = Edits(lines)
    for node in _reads(scopes):
        if node.id not in waiting or scopes.is_bound(node.id, node):
            continue
        told = TODO.format("lost-name", waiting.pop(node.id))
        around = [part for part in (node, *scopes.ancestors(node)) if isinstance(part, ast.stmt)]
        starts = [lines.span(statement)[0] for statement in around]
        alone = (start for start in starts if not lines.text[lines.line_start(start) : start].strip())
        start = next((start for start in alone if not lines.text.startswith("elif", start)), None)
        if start is not None and told not in lines.comments_above(lines.line_start(start)):
            first = lines.line_start(start)
            edits.replace(first, first, f"{lines.indent_at(start)}{told}\n")
    return edits.apply()


def _place_of(name: str, to: Rewriter) -> ast.AST:
    """Where the code that was read has a name which the new code lacks: it is read there, or else made."""
    reads = (node for node in _reads(to.evaluator.scopes) if node.id == name)
    stay = (node for node in reads if to.evaluator.scopes.statement_of(node) not in to.gone)
    bindings = to.evaluator.scopes.module.bindings.get(name, ())
    return next(stay, None) or next((binding.node for binding in bindings), to.evaluator.tree.body[0])


def _reads(scopes: Scopes) -> Iterator[ast.Name]:
    """The names that code reads, in the order of the text."""
    names = [node for node in scopes.every(ast.Name) if isinstance(node.ctx, ast.Load)]
    return iter(sorted(names, key=lambda node: (node.lineno, node.col_offset)))
