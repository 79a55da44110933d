"""What one attempt to convert a module finds out."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Leave, Rule

#: Where the rewriter's memory has the names of definitions that want blank lines around them.
NEW = "new functions"


@dataclass
class Attempt:
    """What one attempt to convert a module has found: grows until nothing more has to stay v1."""

    #: Names that lines of a notebook which are no Python may read.
    masked_names: frozenset[str] = frozenset()
    #: Nodes that made the objects that have to stay v1.
    kept: set[ast.AST] = field(default_factory=set)
    #: Of these, workspaces that code outside of the project makes: what reads them is not on its account.
    foreign: set[ast.AST] = field(default_factory=set)
    #: Workspaces that are needed as v1 objects, too.
    both: set[ast.AST] = field(default_factory=set)
    #: Names that v1 code needs imported: v2 names that are the same get another one.
    names: set[str] = field(default_factory=set)
    #: Where a function takes the v1 workspace: names that are not those of a client.
    plain: set[ast.expr] = field(default_factory=set)
    #: Calls of functions that stay v1 and give environments, of which v2 ones can be made.
    adopted: set[ast.AST] = field(default_factory=set)
    #: Where such a function takes what a bridge leads to.
    bridged: set[ast.expr] = field(default_factory=set)
    #: Why a use was left when it was asked first: that it is connected with itself is no reason.
    reasons: dict[ast.AST, tuple[Rule | None, Leave]] = field(default_factory=dict)
    #: The use that was left for a reason of its own, for each node that it keeps v1.
    causes: dict[ast.AST, Use] = field(default_factory=dict)

    def keep(self, node: ast.AST, cause: Use | None) -> None:
        """Notes that what a node made has to stay v1, and on account of which use."""
        self.kept.add(node)
        if cause is not None:
            self.causes.setdefault(node, cause)

    @property
    def size(self) -> tuple[int, ...]:
        """How much was found of each. A workspace may move from ``both`` to ``kept``, never back."""
        found = (self.kept, self.both, self.plain, self.bridged, self.adopted)
        return len(self.names), *(len(nodes) for nodes in found)


def alternatives(node: ast.AST) -> list[ast.AST]:
    """The parts of a conditional expression that may be its value."""
    if isinstance(node, ast.IfExp):
        return [*alternatives(node.body), *alternatives(node.orelse)]
    if isinstance(node, ast.BoolOp):
        return [part for value in node.values for part in alternatives(value)]
    return [node]
