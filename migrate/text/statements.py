"""Turns what the rules decided into edits of the text, statement by statement."""

from __future__ import annotations

import ast
import itertools
from dataclasses import dataclass, field
from typing import cast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import UNCONVERTED, Status
from amlbridge.migrate.mixtures.beside import both_written
from amlbridge.migrate.no_equivalent import rule_name
from amlbridge.migrate.registry import Leave, Statements
from amlbridge.migrate.rewriter import CONNECTED, CannotWriteError, Rewriter
from amlbridge.migrate.text.comments import OF_LINTERS, lost_comments
from amlbridge.migrate.text.comprehensions import plain
from amlbridge.migrate.text.edits import Edits, Lines
from amlbridge.migrate.text.layout import lay_out
from amlbridge.migrate.text.shared_lines import grouped, write_group
from amlbridge.migrate.text.trees import blocks_of, children

TODO = "# TODO(amlbridge {}): {}"
#: What gives a workspace or the run, which may be there as v1 and as v2 objects.
_ON_DEMAND = (
    *("Workspace", "Run.get_context", "RunContext.experiment", "RunContext.parent", "ContextExperiment."),
    *("ParentRun.experiment", "ParentRun.parent"),
)
#: How the lines begin whose expression ends with a colon.
_HEADERS = ("for ", "if ", "elif ", "while ")
#: What both SDKs have.
_BOTH_HAVE = ("ComputeTarget.name", "Datastore.name")


@dataclass
class StatementWriter:
    """Writes the edits of a module once all uses are decided."""

    to: Rewriter
    skipped: set[ast.stmt]
    edits: Edits = field(init=False)

    def __post_init__(self) -> None:
        self.edits = Edits(self.to.lines)
        self._uses: dict[ast.stmt, list[Use]] = {}
        for use in self.to.uses:
            self._uses.setdefault(use.statement, []).append(use)

    @property
    def lines(self) -> Lines:
        """The text."""
        return self.to.lines

    def write(self, tree: ast.Module) -> Edits:
        """The edits of the whole module, imports excepted."""
        self._block(tree.body, top=True)
        return self.edits

    def _block(self, statements: list[ast.stmt], *, top: bool = False) -> None:
        gone = [nothing for group in grouped(statements) for nothing in self._group(group)]
        self.to.gone.update(statement for statement, nothing in zip(statements, gone, strict=True) if nothing)
        if statements and all(gone) and not top:
            start = self.lines.span(statements[0])[0]
            first = self.lines.line_start(start)
            shared = bool(self.lines.text[first:start].strip())
            indent = self.lines.indent_at(start)
            self.edits.replace(
                start if shared else first, start if shared else first, "pass" if shared else f"{indent}pass\n"
            )

    def _group(self, group: list[ast.stmt]) -> list[bool]:
        """Writes the edits of the statements of one line. Returns for each whether nothing is left of it."""
        start = self.lines.span(group[0])[0]
        if len(group) == 1 and not self.lines.text[self.lines.line_start(start) : start].strip():
            return [self._statement(group[0])]
        found: list[bool] = []
        for skipped, together in itertools.groupby(group, key=self.skipped.__contains__):
            some = list(together)
            found += [False] * len(some) if skipped else write_group(some, self)
        return found

    def _statement(self, statement: ast.stmt) -> bool:
        """Writes the edits of a statement on lines of its own. Returns whether nothing is left of it."""
        to = self.to
        if statement in self.skipped:
            return False
        above, below = self.around(statement)
        if self.whole(statement) is None and to.touches(statement) and _has_blocks(statement):
            self._compound(statement)
        elif (code := self.new_text(statement)) is not None:
            self._replace(statement, "\n".join(filter(None, [code, *below])), above)
            return not code and not above and not below
        if above or below or self.todo_lines(statement):
            self._put_around(statement, above, below)
        return False

    def around(self, statement: ast.stmt) -> tuple[list[str], list[str]]:
        """The code that goes above and below a statement."""
        return self.to.inserted.get(statement, []), self.to.appended.get(statement, [])

    def new_text(self, statement: ast.stmt) -> str | None:
        """What becomes of a statement without blocks: "" when nothing is left of it, None when it stays as it is."""
        to = self.to
        whole = self.whole(statement)
        if whole is not None or not to.touches(statement):
            return whole
        text = to.source(statement)
        if isinstance(statement, ast.Assign) and statement.value in to.attempt.both:
            text = both_written(statement, text, to)
        return text if text != self.lines.source(statement) else None

    def _put_around(self, statement: ast.stmt, above: list[str], below: list[str]) -> None:
        """Puts code, and the comments for what is left, above and below a statement that stays."""
        start, end = self.lines.span(statement)
        first, indent = self.lines.line_start(start), self.lines.indent_at(start)
        lines = [self.laid_out("\n".join(above), indent)] if above else []
        lines += self.todo_lines(statement)
        if lines:
            self.edits.replace(first, first, "\n".join(lines) + "\n")
        if below:
            self.edits.replace(end, end, "\n" + self.laid_out("\n".join(below), indent))

    def put_above(self, group: list[ast.stmt]) -> None:
        """Puts the comments for what is left above the line of statements."""
        first = self.lines.line_start(self.lines.span(group[0])[0])
        lines = [line for statement in group for line in self.todo_lines(statement)]
        if lines:
            self.edits.replace(first, first, "\n".join(dict.fromkeys(lines)) + "\n")

    def whole(self, statement: ast.stmt) -> str | None:
        """The code that a rule gave for the whole statement, or None."""
        if statement in self.to.replaced:
            return self.to.replaced[statement]
        if statement in self.to.removed:
            return ""
        for use in self._uses.get(statement, ()):
            _rule, outcome = self.to.outcomes.get(use.node, (None, None))
            if isinstance(outcome, Statements):
                return outcome.text
        return "" if isinstance(statement, ast.Try) and self._is_dead(statement) else None

    def _is_dead(self, tried: ast.Try) -> bool:
        """Whether nothing of what is tried is left: then nothing is caught either."""
        if (
            tried.orelse
            or tried.finalbody
            or any(self.whole(part) != "" or any(self.around(part)) for part in tried.body)
        ):
            return False
        caught = [part for handler in tried.handlers for part in handler.body]
        inside = {node for handler in tried.handlers for node in ast.walk(handler) if isinstance(node, ast.stmt)}
        decided = (
            self.to.outcomes.get(use.node, (None, None))[1] for part in inside for use in self._uses.get(part, ())
        )
        plain = all(isinstance(part, (ast.Pass, ast.Expr, ast.Return, ast.Raise, ast.Continue)) for part in caught)
        return plain and not any(isinstance(outcome, Leave) for outcome in decided)

    def _compound(self, statement: ast.stmt) -> None:
        for child in children(statement):
            if isinstance(child, ast.stmt):
                continue
            if isinstance(child, (ast.ExceptHandler, ast.match_case)):
                for part in children(child):
                    if not isinstance(part, ast.stmt):
                        self._header(part)
                self._block(child.body)
            else:
                self._header(child)
        for block in blocks_of(statement):
            self._block(block)

    def _header(self, node: ast.AST) -> None:
        more = cast("dict[ast.AST, list[str]]", self.to.memory.get("added parameters", {})).get(node, [])
        if isinstance(node, ast.arguments) and (more or not self.to.dropped.isdisjoint(node.args)):
            self._parameters(node, more)
            return
        if not self.to.touches(node):
            return
        if not hasattr(node, "lineno"):
            for part in children(node):
                self._header(part)
            return
        text = self.to.source(node)
        start, end = self.lines.span(node)
        if text != self.lines.text[start:end]:
            around = self.to.evaluator.scopes.parents.get(node)
            text = plain(text, iterated=isinstance(around, ast.For) and node is around.iter)
            self.edits.replace(start, end, self._broken(text, start, end))

    def _broken(self, text: str, start: int, end: int) -> str:
        """The expression of a ``for``, ``if`` or ``while``, over several lines where it has become too long for one."""
        first = self.lines.line_start(start)
        indent, limit = self.lines.indent_at(first), self.to.options.line_length
        before = self.lines.text[first + len(indent) : start]
        fits = len(f"{indent}{before}{text}:") <= limit
        if fits or not before.startswith(_HEADERS) or self.lines.text[end : end + 1] != ":":
            return text
        cut = 2 if before.startswith("elif") else 0  # black parses no elif alone
        laid_out = lay_out(f"{before[cut:]}{text}:\n    pass", indent, limit - cut).removesuffix("pass").rstrip()
        head = indent + before[cut:]
        return laid_out[len(head) : -1] if laid_out.startswith(head) else text

    def _parameters(self, node: ast.arguments, more: list[str]) -> None:
        """The parameters of a function of which some go, and ``more`` that come."""
        values = [*[None] * (len(node.args) - len(node.defaults)), *node.defaults]
        kept = [(arg, value) for arg, value in zip(node.args, values, strict=True) if arg not in self.to.dropped]
        parts = []
        for argument, value in kept:
            equals = " = " if argument.annotation is not None else "="
            parts.append(self.to.source(argument) + (equals + self.to.source(value) if value is not None else ""))
        parts += more
        last = values[-1] if values[-1] is not None else node.args[-1]
        start, end = self.lines.span(node.args[0])[0], self.lines.span(last)[1]
        rest = self.lines.text[end:]
        if not parts and rest.lstrip().startswith(","):
            end += rest.index(",") + 1
        self.edits.replace(start, end, ", ".join(parts))

    # Text ---------------------------------------------------------------------------------------------------------

    def _replace(self, statement: ast.stmt, code: str, above: list[str]) -> None:
        lines = self.lines
        start, end = lines.span(statement)
        first = lines.line_start(start)
        indent = lines.indent_at(start)
        comments = lost_comments(lines.text[start:end], code)
        todo = self.todo_lines(statement)
        if not todo:
            text = self.laid_out("\n".join(filter(None, [*comments, *above, code])), indent)
        else:
            new = self.laid_out("\n".join([*comments, *above]), indent)
            text = "\n".join(filter(None, [new, *todo, self.laid_out(code, indent)]))
        if text:
            self.edits.replace(first, end, text)
        else:
            self.remove(first, start, end)

    def laid_out(self, code: str, indent: str) -> str:
        """Code as it stands in the module, "" for none."""
        return lay_out(plain(code), indent, self.to.options.line_length) if code else ""

    def remove(self, first: int, start: int, end: int) -> None:
        """Takes the text of a span away, with its line, which starts at ``first``, when nothing else is on it."""
        text = self.lines.text
        last = self.lines.line_end(end)
        tail = text[end:last].strip()
        if tail.startswith("#") and not OF_LINTERS.match(tail):
            self.edits.replace(start, last - len(text[end:last].lstrip()), "")
            return
        if tail.startswith(";"):
            after = end + text[end:last].index(";") + 1
            self.edits.replace(start, after + len(text[after:last]) - len(text[after:last].lstrip()), "")
            return
        stop = min(last + 1, len(text))
        above = first - len(text[:first].rstrip("\n")) - 1
        while text.startswith("\n", stop) and (first == 0 or above > 0):  # the most that are above or below stay
            stop, above = stop + 1, above - 1
        self.edits.replace(first, stop, "")

    # Comments for what is left ------------------------------------------------------------------------------------

    def todo_lines(self, statement: ast.stmt, indent: str | None = None) -> list[str]:
        """The comments that say why something in a statement is left, with its indentation or another one."""
        start = self.lines.span(statement)[0]
        indent = self.lines.indent_at(start) if indent is None else indent
        above = self.lines.comments_above(self.lines.line_start(start))
        found: list[str] = []
        for use in self._uses.get(statement, ()):
            rule, outcome = self.to.outcomes.get(use.node, (None, None))
            if isinstance(outcome, Leave) and (use.again or self._has_todo(above)):
                continue
            if outcome == CONNECTED and (self._is_shared(use) or self._has_reason(statement)):
                continue  # it stays only for others, which have their comment
            if isinstance(outcome, Leave) and outcome.status in UNCONVERTED - {Status.IGNORED}:
                line = indent + TODO.format(rule_name(rule, outcome), outcome.message)
                if line not in found and line.strip() not in above:
                    found.append(line)
        if not found and not self._has_todo(above) and (bridging := self.to.bridging.get(statement)):
            found.append(indent + TODO.format(bridging, CONNECTED.message))
        return found

    def _is_shared(self, use: Use) -> bool:
        """Whether it gives what may be there as v1 and as v2 object, or only goes into that."""
        around = (self.to.use_of(node) for node in self.to.evaluator.scopes.ancestors(use.node))
        return any(
            found.symbol.startswith(_ON_DEMAND)
            or found.symbol.endswith("Exception")
            or not set(_BOTH_HAVE).isdisjoint(found.symbols)
            for found in (use, *around)
            if found is not None
        )

    @staticmethod
    def _has_todo(above: list[str]) -> bool:
        """Whether an earlier conversion has said why something is left."""
        return any(line.startswith("# TODO(amlbridge ") for line in above)

    def _has_reason(self, statement: ast.stmt) -> bool:
        """Whether something in the statement is left for a reason of its own."""
        outcomes = (self.to.outcomes.get(use.node, (None, None))[1] for use in self._uses.get(statement, ()))
        return any(isinstance(outcome, Leave) and outcome != CONNECTED for outcome in outcomes)


def _has_blocks(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Try, ast.Match)) or bool(blocks_of(statement))


__all__ = ["CannotWriteError", "StatementWriter"]
