"""What one side of a call gives the other when only one of them has become v2: a client, a bridge, an environment."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.inside import active_run
from amlbridge.migrate.mixtures.beside import client_beside, client_of
from amlbridge.migrate.registry import handlers
from amlbridge.migrate.rewriter import CLIENT, CONNECTED, Rewriter


def hand_client(workspace: ast.expr, to: Rewriter) -> None:
    """Hands a function that takes a client the one beside a workspace that stays SDK v1."""
    bound = to.evaluator.scopes.bindings_of(workspace)
    there = to.client_there(workspace)
    code = client_beside(bound[0], CLIENT, to) if bound else client_of(to.lines.source(workspace), to)
    to.rename(workspace, there or code)


def hand_run(run: ast.expr, given: Instance, to: Rewriter) -> None:
    """Hands what takes MLflow's run the one of a job, or of a run that stays SDK v1."""
    stays = given.origin in to.attempt.kept
    if given.type != "RunContext":
        to.wrap(run, f"{to.need_module('mlflow')}.get_run({{}}.{'id' if stays else 'name'})")
        statement = to.evaluator.scopes.statement_of(run)
        if stays and statement is not None:
            to.bridging.setdefault(statement, "runs")
    elif stays:
        to.wrap(run, f"({active_run(to)})")


def hand_bridge(argument: ast.expr, to: Rewriter) -> None:
    """Hands a function that stays SDK v1 the v1 object of something that has become v2."""
    kind, statement = to.bridge(argument), to.evaluator.scopes.statement_of(argument)
    if kind is None or statement is None:
        return
    to.rename(argument, to.bridge_code(argument))
    found = next((handlers()[name] for name in (kind, f"{kind}.get") if name in handlers()), None)
    rule = found[0].name if found is not None else "runs"
    if statement not in to.bridging:
        to.bridging[statement] = rule
        to.note(argument, rule, kind, CONNECTED.message)


def adopt(call: ast.AST, to: Rewriter) -> None:
    """Makes a v2 environment of the one that a function which stays SDK v1 gives."""
    statement = to.evaluator.scopes.parents[call]
    assert isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    name = statement.targets[0].id
    make = to.need("azure.ai.ml.entities", "Environment")
    image, conda = f"{name}.docker.base_image", f"{name}.python.conda_dependencies.as_dict()"
    todo = f"# TODO(amlbridge environments): {CONNECTED.message}"
    to.after(statement, f"{todo}\n{name} = {make}(image={image}, conda_file={conda})")
    to.note(call, "environments", "Environment", CONNECTED.message)
