"""``RunConfiguration`` becomes the environment that it holds; the rest goes to what runs with it.

SDK v2 has no run configuration: a command names its environment, compute, distribution and environment variables
itself. Where a run configuration only leads to an environment that has a variable of its own, that variable is used.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance, Symbol
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.environments.companions import command_of, companion_of
from amlbridge.migrate.models.environments.docker_runs import (
    docker_arguments,
    joined_arguments,
    memory_of,
    shared_memory,
)
from amlbridge.migrate.models.environments.environment import Parts, asks_for_spark, assigned, beside, is_change
from amlbridge.migrate.models.environments.run_configuration_files import parts_of_file
from amlbridge.migrate.models.environments.static_environments import note_environment
from amlbridge.migrate.models.jobs.settings import SERVERLESS, is_seen
from amlbridge.migrate.models.pipelines.reach import is_outside
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.computes import compute_of
from amlbridge.migrate.signatures.places import place_of

rule = Rule(
    "run-configurations",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration

run_config = RunConfiguration()
run_config.target = "cpu-cluster"
run_config.environment.docker.enabled = True
run_config.environment.python.conda_dependencies = CondaDependencies.create(
    pip_packages=["pandas"]
)
""",
            """\
from azure.ai.ml.entities import Environment

environment = Environment(
    image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",
    conda_file={
        "channels": ["conda-forge"],
        "dependencies": [
            "python=3.10",
            "pip",
            {"pip": ["pandas", "mlflow", "azureml-mlflow"]},
        ],
    },
)
""",
        ),
    ],
)


@rule.converts("RunConfiguration")
def create(use: Use, to: Rewriter) -> Outcome:
    """A run configuration with all that is assigned to it."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.entities", "Environment"))
    parts = Parts(on_spark=asks_for_spark(use.argument("framework", position=2), to))
    parts.script, parts.arguments = use.argument("script", position=0), use.argument("arguments", position=1)
    dependencies = use.argument("conda_dependencies", position=4)
    if dependencies is not None:
        parts.depend_on(dependencies, to)
    communicator = use.argument("communicator", position=3)
    if communicator is not None:
        parts.distributed(communicator, to)
    return _described(use, parts, to)


@rule.converts("RunConfiguration.load")
def loaded(use: Use, to: Rewriter) -> Outcome:
    """What a file says, with all that is assigned to it."""
    return _described(use, parts_of_file(use, to), to)


_NAMES_COMPUTE = "check that every step that ran with this configuration names its compute"
_NAMES_NODES = "check that every step that ran with this configuration names its number of nodes"
#: What an environment does not hold, wherever it is said.
_APART = tuple(
    f"RunConfiguration.{name}" for name in ("target=", "data_references=", "data_references", "data=", "data")
)
#: What an environment does not hold, and the code that a function gives it to has to say itself.
_OF_JOBS = {"RunConfiguration.target=": _NAMES_COMPUTE, "RunConfiguration.node_count=": _NAMES_NODES}


def _described(use: Use, parts: Parts, to: Rewriter) -> Outcome:
    objects = Objects.of(to)
    changes = [change for change in objects.members(use.node) if is_change(change)]
    variable = objects.variable(use.node)
    changes = beside(use, parts, changes, to)
    folded = variable is not None and objects.straight(use.node, changes)
    for change in changes:
        if folded or change.symbol in _APART:
            parts.apply(change, to)
    opened = parts.open_file(to) if folded else ""
    to.memory["parts", use.node] = parts
    if folded or not changes:
        note_environment(use, parts, parts.code(to) if parts.alias is None else "", to)
    if variable is None or not folded:
        return Replace(parts.code(to), parts.review)
    returned = any(isinstance(to.evaluator.scopes.parents.get(name), ast.Return) for name in objects.names(use.node))
    for change in changes:
        said = _OF_JOBS.get(change.symbol, "") if returned else ""
        to.remove(change.statement)
        to.settle(change, rule, Statements("", together((parts.review, said))))
    last = max((change.statement for change in changes), key=lambda s: s.lineno, default=use.statement)
    if parts.alias is not None and isinstance(parts.alias, ast.Name):
        for read in objects.names(use.node):
            if not is_outside(use.node, read, to):
                to.rename(read, to.source(parts.alias))
        return Statements("", parts.review)
    if parts.on_spark and parts.bare and all(_only_configures(read, to) for read in objects.names(use.node)):
        return Statements("", parts.review)
    name = _renamed(variable, use, to)
    code = f"{name} = {to.source(parts.alias) if parts.alias is not None else parts.code(to)}"
    code = "\n".join(filter(None, [opened, code]))
    if last is use.statement:
        return Statements(code, parts.review)
    to.replace_statement(last, code)
    return Statements("", parts.review)


def _only_configures(read: ast.Name, to: Rewriter) -> bool:
    """Whether a name is handed to what runs with the configuration, or only changes it."""
    parent = to.evaluator.scopes.parents.get(read)
    if isinstance(parent, ast.Call) and read in parent.args:
        called = to.evaluator.value(parent.func)
        place = place_of(("run_config", "runconfig"), [called.name]) if isinstance(called, Symbol) else None
        return place == parent.args.index(read)
    return isinstance(parent, ast.Attribute) or (
        isinstance(parent, ast.keyword) and parent.arg in ("run_config", "runconfig")
    )


def _renamed(variable: ast.Name, use: Use, to: Rewriter) -> str:
    """A variable that was called after a run configuration is called ``environment``, if nothing else is."""
    scopes = to.evaluator.scopes
    scope = scopes.of(variable)
    taken = "environment" in scopes.names or ("renamed", "environment") in to.memory
    if taken or len(scope.bindings.get(variable.id, ())) != 1 or "conf" not in variable.id.lower():
        return variable.id
    to.memory["renamed", "environment"] = True
    for name in Objects.of(to).names(use.node):
        if name.id == variable.id and not is_outside(use.node, name, to):  # else it has a variable of its own
            to.rename(name, "environment")
    return "environment"


@rule.converts("RunConfiguration.environment=")
def set_environment(use: Use, to: Rewriter) -> Outcome:
    """An assignment in a function or a branch, or to a command that is submitted again."""
    assert use.receiver is not None and isinstance(use.statement, ast.Assign)
    command = command_of(use.receiver, to)
    if command:
        return Statements(f"{command}.environment = {to.source(use.statement.value)}")
    return Statements(f"{to.source(use.receiver)} = {to.source(use.statement.value)}")


@rule.converts("RunConfiguration.environment")
def read_environment(use: Use, to: Rewriter) -> Outcome:
    """The variable holds the environment, or the command has it."""
    assert use.receiver is not None
    parts_of(use.receiver, to)  # which says what the variable is called
    command = command_of(use.receiver, to)
    if command:
        return Replace(f"{command}.environment")
    return Replace(to.source(use.receiver))


@rule.converts("RunConfiguration.target=")
def set_target(use: Use, to: Rewriter) -> Outcome:
    """What runs with it names the compute itself: a variable holds it, or it is that of the command."""
    value, variable = assigned(use), companion_of(use, "compute", to)
    if variable is not None:
        return Statements(f"{variable.name} = {compute_of(value, to)}")
    command = command_of(use.receiver, to)
    if command:
        return Statements(f"{command}.compute = {compute_of(value, to)}")
    return Statements("", _NAMES_COMPUTE)


@rule.converts("RunConfiguration.data_references=", "RunConfiguration.data=")
def set_references(use: Use, to: Rewriter) -> Outcome:
    """What runs with it gets the data as inputs."""
    return Statements("", "check that every job that ran with this configuration has the data as an input")


@rule.converts("RunConfiguration.data", "RunConfiguration.data_references")
def set_data(use: Use, to: Rewriter) -> Outcome:
    """The same for one of them."""
    return set_references(use, to) if is_change(use) else Leave("give command(...) inputs of azure.ai.ml.Input")


@rule.converts("RunConfiguration.node_count=")
def set_count(use: Use, to: Rewriter) -> Outcome:
    """What runs with it names the number of its nodes itself, or the command is given it."""
    command = command_of(use.receiver, to)
    if command:
        return Statements(f"{command}.set_resources(instance_count={to.source(assigned(use))})")
    return Statements("", _NAMES_NODES)


@rule.converts("RunConfiguration.target")
def read_target(use: Use, to: Rewriter) -> Outcome:
    """The name of the compute, which the environment in its place does not hold."""
    assert use.receiver is not None
    parts = parts_of(use.receiver, to)
    target = parts.target if parts is not None else None
    held = parts.compute if parts is not None else None
    if held is not None and held.is_seen(use, to):
        return Replace(held.name)
    if target is not None and is_seen(target, use, to):
        return Replace(compute_of(target, to))
    return Replace(SERVERLESS, "the compute of this configuration is not known here: name it in place of serverless")


@rule.converts("RunConfiguration.docker=", "RunConfiguration.communicator=", "RunConfiguration.mpi=")
def set_how(use: Use, to: Rewriter) -> Outcome:
    """What runs with it names its distribution and its shared memory itself, or the command is given it."""
    command = command_of(use.receiver, to)
    if command and use.symbol.endswith("mpi="):
        return Statements(f"{command}.distribution = {to.source(assigned(use))}")
    if command and use.symbol.endswith("docker="):
        found = {"shm_size": shared_memory(assigned(use), to), "docker_args": docker_arguments(assigned(use), to)}
        given = ", ".join(f"{key}={code}" for key, code in found.items() if code)
        return Statements(f"{command}.set_resources({given})" if given else "")
    setting = "shm_size" if use.symbol.endswith("docker=") else "distribution"
    return Statements("", f"give what ran with this configuration its {setting}: command({setting}=...)")


@rule.converts("DockerConfiguration.shm_size=", "DockerConfiguration.arguments=")
def set_docker(use: Use, to: Rewriter) -> Outcome:
    """What runs with it names its shared memory and its arguments of Docker itself, or the command is given them."""
    around = use.receiver.value if isinstance(use.receiver, ast.Attribute) else None
    command, value = command_of(around, to), assigned(use)
    arguments = use.symbol.endswith("arguments=")
    setting = "docker_args" if arguments else "shm_size"
    code = joined_arguments(value, to) if arguments else memory_of(value, to)
    if command:
        return Statements(f"{command}.set_resources({setting}={code or None})")
    return Statements("", f"give what ran with this configuration its {setting}: command({setting}={code or None})")


@rule.converts("DockerConfiguration")
def docker(use: Use, to: Rewriter) -> Outcome:
    """Everything runs in an image in SDK v2; the shared memory is a keyword of the command."""
    if use.is_assigned:
        to.spare.add(use.statement)
    if use.call is None or use.argument("arguments", position=2) is None:
        return Replace("None")
    return Replace("None", "its arguments of Docker go to what runs with it: command(docker_args=...)")


def parts_of(node: ast.expr, to: Rewriter) -> Parts | None:
    """What is known of the run configuration that an expression stands for."""
    value = to.evaluator.value(node)
    if not isinstance(value, Instance) or value.type != "RunConfiguration" or value.origin is None:
        return None
    use = next((use for use in to.uses if use.node is value.origin), None)
    if use is None:
        return None
    to.outcome(use)
    found = to.memory.get(("parts", use.node))
    return found if isinstance(found, Parts) else None
