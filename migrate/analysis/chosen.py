"""Objects that code chooses from those of the workspace: ``found.append(pipeline)``, and later ``found[0]``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.values import Evaluator, Instance

#: Types of objects that the workspace lists. Steps and data, of which code makes lists as well, are followed elsewhere.
_LISTED = frozenset({"PublishedPipeline", "PipelineEndpoint", "Run", "PipelineRun", "StepRun", "Model", "Webservice"})


def chosen(node: ast.expr, evaluator: Evaluator) -> Instance | None:
    """An object that code adds to the list which a name holds, or None."""
    from amlbridge.migrate.analysis.values import Instance

    bindings = evaluator.scopes.lookup(node.id, node) if isinstance(node, ast.Name) else []
    for call in evaluator.calls().get("append", ()) if bindings else ():
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if not isinstance(owner, ast.Name) or not call.args:
            continue
        if evaluator.scopes.lookup(owner.id, owner)[:1] == bindings[:1]:
            found = evaluator.value(call.args[0])
            if isinstance(found, Instance) and found.type in _LISTED:
                return found
    return None
