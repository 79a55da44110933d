"""Web services in Docker on the user's machine: what ``local=True`` makes of the calls of SDK v2.

With it the client works at once and gives the entity, where it gives a poller otherwise (azure-ai-ml: the operations of
online endpoints and deployments).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.data import use_of
from amlbridge.migrate.rewriter import Rewriter

_DEPLOYING = frozenset({"deploy", "deploy_from_model", "deploy_from_image"})


@dataclass(frozen=True)
class Where:
    """The end of a call: ``argument`` is its last argument, or ""; ``wait`` waits for what it gives."""

    argument: str
    wait: str


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
    use = use_of(service.origin, to) if service.origin is not None else None
    if use is None or use.symbol.rsplit(".", 1)[-1] not in _DEPLOYING:
        return False
    try:
        settings = use.argument("deployment_config", position=4)
    except ValueError:
        return False
    return is_local_configuration(settings, to)


def is_local_configuration(settings: ast.expr | None, to: Rewriter) -> bool:
    """Whether a deployment configuration is one of Docker on the user's machine."""
    return to.evaluator.type_of(settings) == "LocalWebserviceDeploymentConfiguration"
