"""Turns what the rules decided into edits of the text, statement by statement."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass, field
from typing import cast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import UNCONVERTED, Status
from amlbridge.migrate.mixtures.beside import both_written
from amlbridge.migrate.no_equivalent import rule_name
from amlbridge.migrate.registry import Leave, Statements
from amlbridge.migrate.rewriter import CONNECTED, CannotWriteError, Rewriter
from amlbridge.migrate.text.comprehensions import plain
from amlbridge.migrate.text.edits import Edits, Lines
from amlbridge.migrate.text.layout import lay_out

TODO = "# TODO(amlbridge {}): {}"
_BLOCKS = ("body", "orelse", "finalbody")
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
        gone = [self._statement(statement) for statement in statements]
        self.to.gone.update(statement for statement, nothing in zip(statements, gone, strict=True) if nothing)
        if statements and all(gone) and not top:
            start = self.lines.span(statements[0])[0]
            first = self.lines.line_start(start)
            shared = bool(self.lines.text[first:start].strip())
            indent = self.lines.indent_at(start)
            self.edits.replace(
                start if shared else first, start if shared else first, "pass" if shared else f"{indent}pass\n"
            )

    def _statement(self, statement: ast.stmt) -> bool:
        """Writes the edits of a statement. Returns whether nothing is left of it."""
        to = self.to
        if statement in self.skipped:
            return False
        above, below = to.inserted.get(statement, []), to.appended.get(statement, [])
        whole = self.whole(statement)
        if whole is not None:
            code = "\n".join(filter(None, [whole, *below]))
            self._replace(statement, code, above)
            return not code and not above
        if to.touches(statement):
            blocks = [getattr(statement, name, None) for name in _BLOCKS]
            if any(isinstance(block, list) and block for block in blocks) or isinstance(
                statement, (ast.Try, ast.Match)
            ):
                self._compound(statement)
            else:
                text = to.source(statement)
                if isinstance(statement, ast.Assign) and statement.value in to.attempt.both:
                    text = both_written(statement, text, to)
                if text != self.lines.source(statement):
                    self._replace(statement, "\n".join([text, *below]), above)
                    return False
        self._put_above(statement, above)
        if below:
            start, end = self.lines.span(statement)
            self.edits.replace(end, end, "\n" + self._laid_out("\n".join(below), self.lines.indent_at(start)))
        return False

    def _put_above(self, statement: ast.stmt, code: list[str]) -> None:
        """Puts code, and the comments for what is left, above a statement that stays."""
        start = self.lines.line_start(self.lines.span(statement)[0])
        lines = [self._laid_out("\n".join(code), self.lines.indent_at(start))] if code else []
        lines += self._todo_lines(statement)
        if lines:
            self.edits.replace(start, start, "\n".join(lines) + "\n")

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
        return None

    def _compound(self, statement: ast.stmt) -> None:
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.stmt):
                continue
            if isinstance(child, (ast.ExceptHandler, ast.match_case)):
                for part in ast.iter_child_nodes(child):
                    if not isinstance(part, ast.stmt):
                        self._header(part)
                self._block(child.body)
            else:
                self._header(child)
        for name in _BLOCKS:
            block = getattr(statement, name, None)
            if isinstance(block, list) and block:
                self._block(block)

    def _header(self, node: ast.AST) -> None:
        more = cast("dict[ast.AST, list[str]]", self.to.memory.get("added parameters", {})).get(node, [])
        if isinstance(node, ast.arguments) and (more or not self.to.dropped.isdisjoint(node.args)):
            self._parameters(node, more)
            return
        if not self.to.touches(node):
            return
        if not hasattr(node, "lineno"):
            for part in ast.iter_child_nodes(node):
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
        head = lines.text[first:start]
        comments = _lost_comments(lines.text[start:end], code)
        if head.strip():
            if code and "\n" not in code.strip() and not (comments or above):
                self._put_above(statement, [])
            self._replace_shared(start, end, head, indent, "\n".join(filter(None, [*comments, *above, code])))
            return
        todo = self._todo_lines(statement)
        if not todo:
            text = self._laid_out("\n".join(filter(None, [*comments, *above, code])), indent)
        else:
            new = self._laid_out("\n".join([*comments, *above]), indent)
            text = "\n".join(filter(None, [new, *todo, self._laid_out(code, indent)]))
        if text:
            self.edits.replace(first, end, text)
        else:
            self._remove(first, start, end)

    def _laid_out(self, code: str, indent: str) -> str:
        return lay_out(plain(code), indent, self.to.options.line_length) if code else ""

    def _replace_shared(self, start: int, end: int, head: str, indent: str, code: str) -> None:
        """A statement behind ``;`` or behind the colon of a one-line block."""
        if "\n" not in code.strip() and code:
            self.edits.replace(start, end, code)
        elif not code:
            self.edits.replace(start, end, "pass")
        else:
            inner = indent if head.rstrip().endswith(";") else indent + "    "
            gap = len(head) - len(head.rstrip(" \t;"))
            self.edits.replace(start - gap, end, "\n" + lay_out(code, inner, self.to.options.line_length))

    def _remove(self, first: int, start: int, end: int) -> None:
        text = self.lines.text
        last = self.lines.line_end(end)
        tail = text[end:last].strip()
        if tail.startswith("#") and not _OF_LINTERS.match(tail):
            self.edits.replace(start, last - len(text[end:last].lstrip()), "")
            return
        if tail.startswith(";"):
            after = end + text[end:last].index(";") + 1
            self.edits.replace(start, after + len(text[after:last]) - len(text[after:last].lstrip()), "")
            return
        stop = min(last + 1, len(text))
        if first == 0 or text[:first].endswith("\n\n"):
            while text.startswith("\n", stop):
                stop += 1
        self.edits.replace(first, stop, "")

    # Comments for what is left ------------------------------------------------------------------------------------

    def _todo_lines(self, statement: ast.stmt) -> list[str]:
        start = self.lines.span(statement)[0]
        indent = self.lines.indent_at(start)
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


#: Comments that speak of the line that they are in, which is another one now.
_OF_LINTERS = re.compile(r"#\s*(noqa|pylint:|type:\s*ignore|nosec|pragma:|fmt:|mypy:)", re.IGNORECASE)


def _lost_comments(old: str, new: str) -> list[str]:
    """The comments of the old text that the new one does not have."""
    if "#" not in old:
        return []
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(old).readline):
            if token.type == tokenize.COMMENT and token.string not in new and not _OF_LINTERS.match(token.string):
                found.append(token.string)
    except (tokenize.TokenError, IndentationError):
        return found  # the text of one statement at an indentation: the tokens before the end were read
    return found


__all__ = ["CannotWriteError", "StatementWriter"]
