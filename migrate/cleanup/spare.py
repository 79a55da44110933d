"""Statements that are not needed any more: what they made is in a created file or in the new code of others, and
nothing else reads it."""

from __future__ import annotations

import ast
from collections.abc import Set

from amlbridge.migrate.cleanup.plain_values import drop_plain_values
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.edits import Edits
from amlbridge.migrate.text.statements import StatementWriter
from amlbridge.migrate.text.trees import parsed


def written(to: Rewriter, tree: ast.Module, imports: list[ast.Import | ast.ImportFrom]) -> Edits:
    """The edits of a module without those statements. One that goes may have been the last reader of another."""
    before = parsed(to.lines.text).read
    while True:
        writer = StatementWriter(to, set(imports))
        edits = writer.write(tree)
        read = parsed(edits.apply()).read
        changed = bool(to.spare or to.spare_names) and _dropped(writer, read)
        if not (_unread(writer, before, read) or changed or _spare_values(writer, before, read)):
            return edits


def _spare_values(writer: StatementWriter, before: Set[str], read: Set[str]) -> bool:
    return drop_plain_values(writer, before, read | writer.to.exported() | writer.to.read_elsewhere())


#: Calls that only make a description or look something up that is there in any case.
_PURE = ("Input", "MLClient", "DefaultAzureCredential", "datastores.get_default", "datastores.get")

#: What the client of a job is made with.
_OF_JOB = 'os.environ["AZUREML_ARM_'


def _unread(writer: StatementWriter, before: Set[str], read: Set[str]) -> bool:
    """Takes converted assignments away that only had a meaning for code that has none any more, and the variables of
    what is still done for its own sake. Returns whether there were any."""
    to = writer.to
    read = read | to.exported() | to.read_elsewhere()
    dropped = False
    for statement in {use.statement: None for use in to.uses}:
        if to.replaced.get(statement) == "" or not isinstance(statement, (ast.Assign, ast.Expr)):
            continue
        if statement.value in to.attempt.both:  # what stays SDK v1 reads it
            continue
        code = writer.whole(statement)
        text = to.source(statement) if code is None else code
        try:
            made = ast.parse(text).body
        except SyntaxError:
            continue
        name = _variable(made)
        if name is None or name in read or not isinstance(made[0], ast.Assign):
            continue
        if isinstance(statement, ast.Expr):
            if ".data.create_or_update(" not in text:
                continue
            to.replace_statement(statement, ast.get_source_segment(text, made[0].value) or text)
        elif not (before & {name, _variable([statement])} or _OF_JOB in text):
            continue
        elif _is_pure(made[0].value) and not _is_needed(statement, to):
            to.replace_statement(statement, "")
        else:
            continue
        dropped = True
    return dropped


def _is_pure(value: ast.expr) -> bool:
    """Whether an expression of SDK v2 does nothing but give a value."""
    calls = [ast.unparse(node.func) for node in ast.walk(value) if isinstance(node, ast.Call)]
    return bool(calls) and all(call.endswith(_PURE) for call in calls)


def _is_needed(statement: ast.stmt, to: Rewriter) -> bool:
    """Whether a block has no other statement, so that it may say what happens without the object; or whether it is
    tried, so that other code runs when there is no such object."""
    parent = to.evaluator.scopes.parents.get(statement)
    block = to.evaluator.scopes.block(statement) or ()
    tried = isinstance(parent, ast.Try) and statement in parent.body and bool(parent.handlers)
    return tried or (not isinstance(parent, ast.Module) and len(block) < 2)


def _dropped(writer: StatementWriter, read: Set[str]) -> bool:
    """Takes statements away whose variables nothing reads. Returns whether there were any."""
    to = writer.to
    read = read | to.exported() | to.read_elsewhere()
    dropped = False
    for statement in to.spare:
        code = writer.whole(statement)
        made = _variable([statement] if code is None else ast.parse(code).body)
        if made is not None and made not in read:
            to.replace_statement(statement, "")
            dropped = True
    for name in to.spare_names - read:
        for statement, codes in to.inserted.items():
            kept = [code for code in codes if not code.startswith(f"{name} = ")]
            dropped = dropped or len(kept) < len(codes)
            to.inserted[statement] = kept
    return dropped


def _variable(statements: list[ast.stmt]) -> str | None:
    """The variable that a single assignment makes."""
    match statements:
        case [ast.Assign(targets=[ast.Name(id=name)])]:
            return name
    return None
