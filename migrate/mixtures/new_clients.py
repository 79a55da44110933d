"""Clients that the new code makes where none is visible: in run scripts of the job's workspace, elsewhere of the one
that the code means, or that the configuration file names. And what of a job's workspace needs no client."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.experiments import is_either
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.mixtures.held import held_client
from amlbridge.migrate.mixtures.one_branch import complete
from amlbridge.migrate.mixtures.within import names_others, only_workspace, workspace_within
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import CLIENT, Rewriter
from amlbridge.migrate.text.above import shared

#: What names a workspace in SDK v1.
WORKSPACES = frozenset({"Workspace", "Workspace.from_config", "Workspace.get"})


def is_run_script(to: Rewriter) -> bool:
    """Whether a module is a script that runs in a job, as it asks for its run and names no workspace of its own, or
    belongs to such scripts."""
    if "is run script" not in to.memory:
        symbols = {use.symbol for use in to.uses if use.symbol != "Workspace" or use.call is not None}  # no annotation
        asks = symbols.isdisjoint(WORKSPACES) and ("Run.get_context" in symbols or to.serves_jobs())
        to.memory["is run script"] = asks
    return bool(to.memory["is run script"])


def new_client(to: Rewriter) -> str:
    """Code for a client of the workspace that the job runs in."""
    client = to.need("azure.ai.ml", "MLClient")
    credential = to.need("azure.identity", "DefaultAzureCredential")
    environ = f"{to.need_module('os')}.environ"
    return (
        f"{client}(credential={credential}(), "
        f'subscription_id={environ}["AZUREML_ARM_SUBSCRIPTION"], '
        f'resource_group_name={environ}["AZUREML_ARM_RESOURCEGROUP"], '
        f'workspace_name={environ}["AZUREML_ARM_WORKSPACE_NAME"])'
    )


#: What every job's variables tell of the workspace that it runs in.
_FACTS = {
    "Workspace.subscription_id": "AZUREML_ARM_SUBSCRIPTION",
    "Workspace.resource_group": "AZUREML_ARM_RESOURCEGROUP",
    "Workspace.name": "AZUREML_ARM_WORKSPACE_NAME",
}


def has_only_facts(made: ast.expr, to: Rewriter) -> bool:
    """Whether all that is read of a job's workspace is in the job's variables, so that nothing needs a client of it."""
    if isinstance(made, ast.Attribute) and is_either(made.value, to.evaluator):
        return False  # outside of a job there are no such variables
    objects, parent = Objects.of(to), to.evaluator.scopes.parents.get(made)
    if isinstance(parent, ast.Attribute):  # ``run.experiment.workspace.name``
        use = to.use_of(parent)
        return use is not None and use.symbol in _FACTS
    variable, names = objects.variable(made), objects.names(made)
    if variable is None or not names or variable.id in to.exported() | to.read_elsewhere():
        return False
    if len(to.evaluator.scopes.of(variable).bindings.get(variable.id, ())) != 1:
        return False
    facts = {use.receiver for use in objects.members(made) if use.symbol in _FACTS}
    reads, ancestors = objects.reads(variable.id), to.evaluator.scopes.ancestors
    tried = [node for node in ancestors(made) if isinstance(node, ast.Try)]
    if any(block not in ancestors(read) for block in tried for read in reads):
        return False  # what is read fails elsewhere than the workspace
    return facts.issuperset(reads)


def job_fact(use: Use, to: Rewriter) -> str:
    """Code for what a use reads of a job's workspace, of the job's variables; "" where a client has to tell it."""
    made = to.maker(use.receiver)
    if use.symbol not in _FACTS or made is None or made.symbol != "ContextExperiment.workspace":
        return ""
    return f'{to.need_module("os")}.environ["{_FACTS[use.symbol]}"]' if has_only_facts(made.node, to) else ""


def client(use: Use, to: Rewriter) -> str:
    """The client that is visible at a use, or one that is made above its statement."""
    found = to.visible_client(use.node)
    if found is not None:
        complete(found, use.node, to, lambda: _other_client(to))
    return found if found is not None else shared(use.node, to, CLIENT, lambda: new_client(to))


def client_at(at: ast.AST, to: Rewriter) -> str:
    """The client that is visible at a place. Where there is none, one is made for all that follows: a run script asks
    for the workspace of its job, other code for that of the configuration file."""
    found = to.visible_client(at) or held_client(at, to)
    if found is not None:
        complete(found, at, to, lambda: _other_client(to))
        return found
    if is_run_script(to):
        return shared(at, to, CLIENT, lambda: new_client(to))
    made = shared(at, to, CLIENT, lambda: _client_of_the_code(at, to))
    to.spare_names.add(made)
    return made


def _client_of_the_code(at: ast.AST, to: Rewriter) -> str:
    """Code for the client of the workspace that the code means although no variable there holds it."""
    named = workspace_within(at, to) or only_workspace(at, to)
    if named is None and names_others(to):
        to.assumed.append(_OF_FILE)
    return configured_client(to) if named is None else to.client(at, named)


_OF_FILE = "the client is that of the configuration file, and the code names other workspaces: say which is meant"


def _other_client(to: Rewriter) -> str:
    """Code for the client where another branch names a workspace: of the job, in a script that asks for its run."""
    return new_client(to) if any(use.symbol == "Run.get_context" for use in to.uses) else configured_client(to)


def configured_client(to: Rewriter) -> str:
    """Code for a client of the workspace that the configuration file names."""
    credential = to.need("azure.identity", "DefaultAzureCredential")
    return f"{to.need('azure.ai.ml', 'MLClient')}.from_config(credential={credential}())"
