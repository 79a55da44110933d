"""What became of the uses of a module, as the findings that a report tells."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.symbols import REPORTED
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Finding, Status
from amlbridge.migrate.no_equivalent import rule_name
from amlbridge.migrate.registry import Leave, Outcome, Rule
from amlbridge.migrate.rewriter import CONNECTED, Rewriter


def findings(to: Rewriter) -> list[Finding]:
    """One finding for each use, and the notes on other places, in the order of the text."""
    found = [_finding(use, *_outcome(use, to), to) for use in to.uses]
    return sorted([*found, *to.notes], key=lambda finding: (finding.line, finding.column))


def _outcome(use: Use, to: Rewriter) -> tuple[Rule | None, Outcome | None]:
    """What became of a use. One that nobody asked for was inside of a converted one."""
    rule, outcome = to.outcomes.get(use.node, (None, None))
    if outcome is not None:
        return rule, outcome
    around = (node for node in to.evaluator.scopes.ancestors(use.node) if isinstance(node, ast.expr))
    return next((to.outcomes[node] for node in around if node in to.outcomes), (None, None))


def _finding(use: Use, rule: Rule | None, outcome: Outcome | None, to: Rewriter) -> Finding:
    line, column = use.node.lineno, use.node.col_offset + 1
    owner, dot, member = use.symbol.removesuffix("=").removesuffix("[]").partition(".")
    symbol = REPORTED.get(owner, owner) + dot + member
    name, doc = rule_name(rule, outcome), rule.link if rule else "docs/mapping.md"
    if isinstance(outcome, Leave):
        message = outcome.message + (_because(use, to) if outcome == CONNECTED else "")
        return Finding(name, symbol, outcome.status, line, column, message, doc)
    if outcome is None:
        return Finding(name, symbol, Status.MANUAL, line, column, f"no rule converts {symbol}", doc)
    if outcome.review:
        return Finding(name, symbol, Status.REVIEW, line, column, outcome.review, doc)
    return Finding(name, symbol, Status.CONVERTED, line, column, outcome.note or "converted", doc)


def _because(use: Use, to: Rewriter) -> str:
    """Which use keeps a connected one v1."""
    cause = to.cause(use)
    if cause is None or cause is use:
        return ""
    code = to.lines.source(cause.node).partition("\n")[0]
    return f": {cause.symbol} ({code})"
