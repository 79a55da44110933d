"""An environment that is made again with other packages: SDK v2 looks at them only when one is made."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.rewriter import Rewriter

#: What makes environments that have an image, and no Dockerfile unless they are given one.
_OF_IMAGES = frozenset(
    {"RunConfiguration", "Environment", "Environment.from_conda_specification", "Environment.from_pip_requirements"}
)


def made_again(use: Use, old: str, conda: str, to: Rewriter) -> str:
    """Code that makes the environment ``old`` anew, with other packages. Raises ValueError where others would go on
    with the old one."""
    root = ast.parse(old, mode="eval").body
    given = to.evaluator.scopes.lookup(root.id, use.node) if isinstance(root, ast.Name) else []
    parameter = any(binding.kind == "parameter" for binding in given)
    if not isinstance(root, (ast.Name, ast.Attribute)) or parameter or _is_outside(given, use, to):
        raise ValueError("an environment of SDK v2 keeps the packages that it was made with: give them to Environment")
    made = {_maker(binding, to) for binding in given}
    parts = [f"image={old}.image", f"conda_file={conda}"]
    if not made or not made <= _OF_IMAGES or any(map(_builds, to.uses)):
        parts.insert(1, f"build={old}.build")
    if made != {"RunConfiguration"}:
        parts.insert(0, f"name={old}.name")
    return f"{old} = {to.need('azure.ai.ml.entities', 'Environment')}({', '.join(parts)})"


def _is_outside(given: list[Binding], use: Use, to: Rewriter) -> bool:
    """Whether a variable is one of the code around a function: what the function assigns is another one."""
    scope = to.evaluator.scopes.of(use.statement)
    return bool(given) and all(binding.scope is not scope and binding.name not in scope.outside for binding in given)


def _builds(use: Use) -> bool:
    """Whether a use gives an environment a Dockerfile."""
    return use.symbol in ("DockerSection.base_dockerfile=", "DockerSection.build_context=")


def _maker(binding: Binding, to: Rewriter) -> str:
    """The symbol of the call that a variable was given; "" where it is another."""
    made = to.use_of(binding.value) if binding.kind == "assign" and binding.value is not None else None
    return made.symbol if made is not None and made.call is not None else ""
