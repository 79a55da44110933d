"""Web services in Docker on the user's machine: what ``local=True`` makes of the calls of SDK v2.

With it the client works at once and gives the entity, where it gives a poller otherwise (azure-ai-ml: the operations of
online endpoints and deployments).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Evaluator, Function, Instance
from amlbridge.migrate.models.serving.deployment_settings import given_nodes
from amlbridge.migrate.rewriter import Rewriter

_CONFIGURATION = "LocalWebserviceDeploymentConfiguration"
_CALLS = ("AciWebservice.deploy_configuration", "AksWebservice.deploy_configuration")
_LOCAL_CALL = "LocalWebservice.deploy_configuration"
_DEPLOYING = frozenset({"deploy", "deploy_from_model", "deploy_from_image"})


@dataclass(frozen=True)
class Where:
    """The end of a call: ``argument`` is its last argument, or ""; ``wait`` waits for what it gives. ``choice``: the
    variable that says at run time whether it is a local one, "" where that is known."""

    argument: str
    wait: str
    choice: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is a local one for sure."""
        return self is LOCAL


LOCAL, REMOTE = Where(", local=True", ""), Where("", ".result()")


def where(local: bool) -> Where:
    """The end of a call."""
    return LOCAL if local else REMOTE


def is_local(service: Instance | None, to: Rewriter) -> bool:
    """Whether a web service runs on the user's machine, as far as its class or its deployment tell."""
    if service is None:
        return False
    if service.type == "LocalWebservice":
        return True
    use = to.use_of(service.origin) if service.origin is not None else None
    if use is None or use.symbol.rsplit(".", 1)[-1] not in _DEPLOYING:
        return False
    try:
        settings = use.argument("deployment_config", position=4)
    except ValueError:
        return False
    return is_local_configuration(settings, to)


def is_local_configuration(settings: ast.expr | None, to: Rewriter) -> bool:
    """Whether a deployment configuration is one of Docker on the user's machine."""
    return to.evaluator.type_of(settings) == _CONFIGURATION


def choice(settings: ast.expr | None, to: Rewriter) -> str | None:
    """The variable that says whether the configuration which another variable holds is a local one: each branch of the
    code makes its own. None where all branches are alike, or where one has something else."""
    bindings = _bindings(settings, to.evaluator)
    uses = [use for binding in bindings if (use := _assigned(binding, to)) is not None]
    kinds = {use.symbol == _LOCAL_CALL for use in uses}
    if not isinstance(settings, ast.Name) or len(uses) != len(bindings) or len(kinds) < 2:
        return None
    key = ("local", bindings[0].scope, settings.id)
    if key not in to.memory:
        to.memory[key] = to.fresh("is_local")
    return str(to.memory[key])


def _bindings(node: ast.expr | None, evaluator: Evaluator) -> list[Binding]:
    return evaluator.scopes.bindings_of(node)


def _assigned(binding: Binding, to: Rewriter) -> Use | None:
    """The configuration that a statement assigns to nothing but a variable."""
    use = to.use_of(binding.value) if binding.value is not None else None
    if use is None or use.call is None or use.symbol not in (*_CALLS, _LOCAL_CALL):
        return None
    said = use.statement
    alone = isinstance(said, ast.Assign) and said.value is use.node and len(said.targets) == 1
    return use if alone and isinstance(said.targets[0], ast.Name) else None  # type: ignore[attr-defined]


def choice_of(config: Use, to: Rewriter) -> str | None:
    """The variable that says whether a deployment has this configuration or a local one, or the other way around."""
    found = [choice(node, to) for node, by in given_nodes(config.node, to.evaluator) if by is to.evaluator]
    return found[0] if len(set(found)) == 1 else None


def deployed_locally(config: Use, to: Rewriter) -> bool:
    """Whether each deployment that may get a local configuration gets no other one."""
    return all(is_surely_local(node, by) for node, by in given_nodes(config.node, to.evaluator))


def where_of(service: Instance | None, at: Use, to: Rewriter) -> Where:
    """The end of a call on a web service. Raises ValueError where the code cannot tell whether it is a local one."""
    use = to.use_of(service.origin) if service is not None and service.origin is not None else None
    given = use.argument("deployment_config", position=4) if use is not None and use.symbol == "Model.deploy" else None
    variable = choice(given, to)
    if variable is None or not isinstance(given, ast.Name):
        return where(is_local(service, to))
    there = to.evaluator.scopes.lookup(given.id, at.node)
    if {binding.node for binding in there} != {binding.node for binding in _bindings(given, to.evaluator)}:
        raise ValueError("it needs local=True for a local deployment, and nothing here tells whether it is one")
    return Where(f", local={variable}", "", variable)


def branches(at: Where, local: list[str], remote: list[str]) -> list[str]:
    """What is done where a service runs on the user's machine, and what elsewhere."""
    if not at.choice:
        return local if at.is_local else remote
    return [f"if {at.choice}:", *(f"    {line}" for line in local), "else:", *(f"    {line}" for line in remote)]


@dataclass(frozen=True)
class Deploying:
    """What a deployment is made of: names of variables, and code. ``label``: the name of the endpoint; ``name``: that
    of the deployment; ``target``: what stands before the endpoint that comes out, such as ``service = ``."""

    client: str
    endpoint: str
    deployment: str
    label: str
    name: str
    target: str

    def lines(self, endpoint: str, deployment: str, at: Where) -> list[str]:
        """The statements of SDK v2. ``endpoint``, ``deployment``: code of the two entities."""
        first, second = f"{self.endpoint} = {endpoint}", f"{self.deployment} = {deployment}"
        if not at.choice:
            one, other, *rest = self._calls(at)
            return [first, one, second, other, *rest]
        return [first, second, *branches(at, self._calls(LOCAL), self._calls(REMOTE))]

    def _calls(self, at: Where) -> list[str]:
        endpoints, end = f"{self.client}.online_endpoints", f"{at.argument}){at.wait}"
        create = f"{endpoints}.begin_create_or_update({self.endpoint}{end}"
        calls = [create, f"{self.client}.online_deployments.begin_create_or_update({self.deployment}{end}"]
        if not at.is_local:
            return [*calls, f"{self.endpoint}.traffic = {{{self.name}: 100}}", f"{self.target}{create}"]
        return [*calls, f"{self.target}{endpoints}.get(name={self.label}{at.argument})"] if self.target else calls


def is_surely_local(node: ast.expr | None, evaluator: Evaluator, depth: int = 4) -> bool:
    """Whether an expression is a local configuration whatever way the code takes."""
    if depth == 0 or node is None:
        return False
    if isinstance(node, ast.Name):
        found = [_is_local_binding(binding, evaluator, depth - 1) for binding in _bindings(node, evaluator)]
        return bool(found) and all(found)
    if not isinstance(node, ast.Call):
        return False
    called = evaluator.value(node.func)
    if not isinstance(called, Function):
        return evaluator.type_of(node) == _CONFIGURATION
    own = called.evaluator
    returned = [part.value for part in ast.walk(called.node) if isinstance(part, ast.Return)]
    return bool(returned) and all(is_surely_local(value, own, depth - 1) for value in returned)


def _is_local_binding(binding: Binding, evaluator: Evaluator, depth: int) -> bool:
    if binding.kind != "parameter":
        return is_surely_local(binding.value, evaluator, depth)
    given = evaluator.given(binding.scope.node, binding.name)
    return bool(given) and all(is_surely_local(value, by, depth) for by, value in given)
