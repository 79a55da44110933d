"""What code says of a run configuration or an environment in branches and loops, in a variable of its own.

A command of SDK v2 names its compute and its environment variables itself. Where one place says them, they are written
into the command. Where several do (``if gpu: config.target = "gpu"``), each place sets a variable that the command
reads.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from amlbridge.migrate.analysis.scopes import Binding, Scope
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter

#: Keyword of a command -> the members of v1 objects that say it, and what it is when none does.
_FACETS = {
    "compute": (("RunConfiguration.target=",), '"serverless"'),
    "environment_variables": (
        tuple(
            f"{kind}.environment_variables{end}" for kind in ("Environment", "RunConfiguration") for end in ("", "=")
        ),
        "{}",
    ),
}
_HOLDERS = frozenset({"RunConfiguration", "Environment"})
#: What gives an environment that is there already: nothing can be written into its making.
_FOUND = frozenset({"Environment.get", "Environment.clone"})


@dataclass(frozen=True)
class Companion:
    """A variable beside an object. ``uses``: the places that set it, or read what it holds."""

    name: str
    scope: Scope
    uses: tuple[Use, ...]

    def is_seen(self, use: Use, to: Rewriter) -> bool:
        """Whether the variable can be read where a use stands."""
        return self.scope.is_module or self.scope.node in set(to.evaluator.scopes.ancestors(use.node))


def companion(maker: Use, facet: str, to: Rewriter) -> Companion | None:
    """The variable for what is said of an object, where it is not said at one place. ``maker``: the use that makes the
    object; ``facet``: "compute" or "environment_variables"."""
    variable = Objects.of(to).variable(maker.node)
    if variable is None:
        return None
    scope = to.evaluator.scopes.home(variable)
    key = ("companion", facet, scope, variable.id)
    if key not in to.memory:
        to.memory[key] = _made(maker, variable, scope, facet, to)
    found = to.memory[key]
    return found if isinstance(found, Companion) else None


def companion_of(use: Use, facet: str, to: Rewriter) -> Companion | None:
    """The variable for what a use says of an object."""
    maker = to.maker(use.receiver)
    found = companion(maker, facet, to) if maker is not None else None
    return found if found is not None and use in found.uses else None


def command_of(node: ast.expr | None, to: Rewriter) -> str:
    """The code of the command whose run configuration or environment an expression leads to: ``config`` of
    ``config.run_config.environment``; "" where it leads to none."""
    at = node.value if isinstance(node, ast.Attribute) and node.attr == "environment" else node
    if not isinstance(at, ast.Attribute) or at.attr != "run_config":
        return ""
    return to.source(at.value) if to.evaluator.type_of(at.value) in ("ScriptRunConfig", "Estimator") else ""


def _made(maker: Use, variable: ast.Name, scope: Scope, facet: str, to: Rewriter) -> Companion | None:
    bindings = scope.bindings[variable.id]
    makers = [use for binding in bindings if (use := _maker(binding, to)) is not None]
    symbols, default = _FACETS[facet]
    said = tuple(use for made in makers for use in Objects.of(to).members(made.node) if use.symbol in symbols)
    if not said or any(binding.kind != "assign" or binding.statement is None for binding in bindings):
        return None
    reads = any(not use.symbol.endswith("=") and not _is_item(use, to) for use in said) or maker.symbol in _FOUND
    if len(makers) == 1 and len(bindings) == 1 and not reads and _is_straight(maker, said, facet, to):
        return None
    name = to.fresh(facet)
    for binding in bindings:
        statement = binding.statement
        assert statement is not None
        following = to.evaluator.scopes.block(statement) or []
        rest = following[following.index(statement) + 1 :] if statement in following else []
        settings = {use.statement for use in said if use.symbol.endswith("=")}
        if not _covers(rest, settings):
            to.after(statement, f"{name} = {default}")
    return Companion(name, scope, said)


def _maker(binding: Binding, to: Rewriter) -> Use | None:
    """The use that makes the object which a binding gives its name."""
    value = to.evaluator.binding_value(binding) if binding.kind == "assign" else None
    if not isinstance(value, Instance) or value.type not in _HOLDERS or value.origin is None or value.path:
        return None
    return to.use_of(value.origin)


def _is_item(use: Use, to: Rewriter) -> bool:
    parent = to.evaluator.scopes.parents.get(use.node)
    return isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store)


def _is_straight(maker: Use, said: tuple[Use, ...], facet: str, to: Rewriter) -> bool:
    """Whether what is said follows the making of the object in the same block."""
    block = to.evaluator.scopes.block(maker.statement) or []
    together = all(use.statement in block for use in said)
    return together and (facet != "compute" or len(said) == 1)


def _covers(block: list[ast.stmt], settings: set[ast.stmt]) -> bool:
    """Whether the statements of a block set the variable before anything can read it, whatever happens."""
    for statement in block:
        if statement in settings:
            return True
        branches = [statement.body, statement.orelse] if isinstance(statement, ast.If) else []
        if branches and all(_covers(branch, settings) for branch in branches):
            return True
    return False
