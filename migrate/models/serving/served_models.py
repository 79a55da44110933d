"""The models of a deployment: SDK v2 deploys one, so several are put into one folder and registered as one.

Source: the v2 documentation of online endpoints, "Use more than one model in a deployment": register a folder that has
all of them; the deployment keeps the folder's name below ``AZUREML_MODEL_DIR``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from amlbridge.migrate.analysis.values import Code
from amlbridge.migrate.rewriter import Rewriter

#: The folder that has the files of all models of a deployment: below it each model has a folder of its own name.
FOLDER = "served_models"
_ONE = "assumed that the list has one model: a deployment of SDK v2 has one"
_FOLDER = (
    f'a deployment of SDK v2 has one model: all are registered together as the folder "{FOLDER}"; the scoring script '
    f'finds the files of each in os.path.join(os.environ["AZUREML_MODEL_DIR"], "{FOLDER}", NAME)'
)


@dataclass(frozen=True)
class Served:
    """What a deployment gets for its models. ``lines``: statements above it; ``arguments``: of the deployment."""

    lines: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    review: str = ""


def served(node: ast.expr | None, service: str, client: str, to: Rewriter, *, local: bool = False) -> Served:
    """The models that a list names; ``service``: code for the name of their service; ``local``: whether that may run on
    the user's machine. Raises ValueError for a list with a starred part."""
    if local:
        return _by_name(served(node, service, client, to), to)
    if node is None:
        return Served()
    value = to.evaluator.value(node)
    listed = value.node if isinstance(value, Code) and isinstance(value.node, (ast.List, ast.Tuple)) else None
    if listed is None:
        return Served(arguments=(f"model={to.source(node)}[0]",), review=_ONE)
    if any(isinstance(item, ast.Starred) for item in listed.elts):
        raise ValueError("the models are listed at run time: register the files of all models together as one")
    own = isinstance(node, (ast.List, ast.Tuple))
    if len(listed.elts) > 1 or _is_filled(node, to):
        return _together(to.source(node), service, client, to)
    return Served(arguments=tuple(f"model={to.source(i) if own else to.source(node) + '[0]'}" for i in listed.elts))


def _by_name(found: Served, to: Rewriter) -> Served:
    """The same model by its name and version: in a local deployment, the client of SDK v2 takes one of the workspace in
    no other way (azure-ai-ml: the validator of models of local endpoints reads a text)."""
    if not found.arguments:
        return found
    code = found.arguments[0].removeprefix("model=")
    lines = found.lines
    if not code.replace(".", "").isidentifier():
        code, made = to.fresh("model"), code
        lines = (*lines, f"{code} = {made}")
    return replace(found, lines=lines, arguments=(f'model=f"azureml:{{{code}.name}}:{{{code}.version}}"',))


#: Methods that put something into a list.
_ADDING = frozenset({"append", "extend", "insert"})


def _is_filled(node: ast.expr, to: Rewriter) -> bool:
    """Whether a list is in a variable, and gets more than it is made with."""
    if not isinstance(node, ast.Name):
        return False
    parents = to.evaluator.scopes.parents
    names = (parents[n] for n in parents if isinstance(n, ast.Name) and n.id == node.id)
    return any(
        isinstance(around, ast.AugAssign) or (isinstance(around, ast.Attribute) and around.attr in _ADDING)
        for around in names
    )


def _together(models: str, service: str, client: str, to: Rewriter) -> Served:
    part, together = to.fresh("part"), to.fresh("served_models")
    entity, kinds = to.need("azure.ai.ml.entities", "Model"), to.need("azure.ai.ml.constants", "AssetTypes")
    name = f'{service} + "-models"'
    if service[:1] in "'\"" and service[-1] == service[0]:
        name = f"{service[:-1]}-models{service[-1]}"
    lines = (
        f"for {part} in {models}:\n"
        f'    {client}.models.download(name={part}.name, version={part}.version, download_path="{FOLDER}")',
        f"{together} = {client}.models.create_or_update("
        f'{entity}(path="{FOLDER}", name={name}, type={kinds}.CUSTOM_MODEL))',
    )
    return Served(lines, (f"model={together}",), _FOLDER)
