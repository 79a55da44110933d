"""The records of endpoints and their deployments. Each SDK keeps what it alone says of them in records of its own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from amlbridge.engine.environments.modes import Mode
from amlbridge.engine.plan import Environment
from amlbridge.engine.records.resources import Resource
from amlbridge.wire.context import Service

ENDPOINTS, DEPLOYMENTS = "serving-endpoint", "serving-deployment"
#: Who made an endpoint, which is part of its address: names of SDK v1 and of SDK v2 do not meet.
Flavor = Literal["online", "service"]
#: How errors are told: a managed online endpoint of v2; ACI and AKS of v1.
Style = Literal["managed", "aci", "aks"]
Auth = Literal["key", "token", "aad", "none"]
#: creating: being prepared or loaded. The others are final until it is deployed anew.
CREATING, SUCCEEDED, FAILED = "creating", "succeeded", "failed"


@dataclass(frozen=True)
class Endpoint:
    """One scoring URI. ``traffic`` and ``mirror`` are percentages of requests by deployment."""

    workspace: str
    flavor: Flavor
    name: str
    style: Style
    auth: Auth
    primary: str
    secondary: str
    traffic: Mapping[str, int] = field(default_factory=dict)
    mirror: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Deployment:
    """What runs behind an endpoint. ``generation`` is new whenever it is deployed anew, and names the folder of its
    files; ``script`` is a path in its ``app`` folder, or None for an MLflow model; ``code`` is the code's folder and
    ``model`` the model's, or what AZUREML_MODEL_DIR names, both relative to that folder. Times are in seconds."""

    workspace: str
    flavor: Flavor
    endpoint: str
    name: str
    generation: str
    script: str | None
    code: str
    model: str
    model_dir: str | None
    environment: Environment
    mode: Mode
    variables: Mapping[str, str]
    processes: int
    request_timeout: float
    start_timeout: float
    most_requests: int
    state: str = CREATING
    error: str | None = None

    @property
    def key(self) -> str:
        """Unique in the state folder."""
        return f"{self.workspace}.{self.flavor}.{self.endpoint}.{self.name}".lower()


def new_key() -> str:
    """A key as Azure makes them: 32 characters."""
    return secrets.token_hex(16)


def _name(flavor: str, endpoint: str) -> str:
    # Names of endpoints are compared without case, as parts of a host name in Azure.
    return f"{flavor}/{endpoint}".lower()


def put_endpoint(service: Service, endpoint: Endpoint) -> None:
    """Records an endpoint, new or changed."""
    name = _name(endpoint.flavor, endpoint.name)
    service.records.resources.put(endpoint.workspace, ENDPOINTS, name, asdict(endpoint))


def find_endpoint(service: Service, workspace: str, flavor: Flavor, name: str) -> Endpoint | None:
    """An endpoint, or None."""
    found = service.records.resources.find(workspace, ENDPOINTS, _name(flavor, name))
    return Endpoint(**found.body) if found is not None else None


def delete_endpoint(service: Service, workspace: str, flavor: Flavor, name: str) -> bool:
    """Forgets an endpoint. Returns whether it was there."""
    return service.records.resources.delete(workspace, ENDPOINTS, _name(flavor, name)) > 0


def put_deployment(service: Service, deployment: Deployment) -> None:
    """Records a deployment, new or changed."""
    name, version = _name(deployment.flavor, deployment.endpoint), deployment.name.lower()
    service.records.resources.put(deployment.workspace, DEPLOYMENTS, name, asdict(deployment), version)


def find_deployment(service: Service, workspace: str, flavor: Flavor, endpoint: str, name: str) -> Deployment | None:
    """A deployment, or None."""
    found = service.records.resources.find(workspace, DEPLOYMENTS, _name(flavor, endpoint), name.lower())
    return _deployment(found) if found is not None else None


def deployments(service: Service, workspace: str, flavor: Flavor, endpoint: str) -> list[Deployment]:
    """The deployments of an endpoint, in the order in which they were made."""
    found = service.records.resources.list(workspace, DEPLOYMENTS, _name(flavor, endpoint))
    return [_deployment(item) for item in found]


def all_deployments(service: Service) -> list[Deployment]:
    """The deployments of all workspaces."""
    workspaces = service.records.workspaces.list()
    return [_deployment(item) for place in workspaces for item in service.records.resources.list(place.id, DEPLOYMENTS)]


def delete_deployment(service: Service, deployment: Deployment) -> bool:
    """Forgets a deployment. Returns whether it was there."""
    name, version = _name(deployment.flavor, deployment.endpoint), deployment.name.lower()
    return service.records.resources.delete(deployment.workspace, DEPLOYMENTS, name, version) > 0


def settle(service: Service, deployment: Deployment, state: str, error: str | None) -> None:
    """Records the state of a deployment, unless it was deleted or deployed anew in the meantime."""
    with service.records.database.write():
        now = find_deployment(service, deployment.workspace, deployment.flavor, deployment.endpoint, deployment.name)
        if now is not None and now.generation == deployment.generation:
            put_deployment(service, replace(now, state=state, error=error))


def _deployment(item: Resource) -> Deployment:
    body: dict[str, Any] = dict(item.body)
    return Deployment(**{**body, "environment": Environment(**body["environment"])})
