"""Assets by reference: what jobs, components, deployments and schedules name.

Every function takes a reference in any form that :mod:`amlbridge.v2.assets.references` knows, relative to the workspace
of the caller, and raises a 404 (or 400) ServiceError that names the reference. The ``dict`` that they return is the
version as GET answers it: ``{"id", "name" (the version), "type", "systemData", "properties"}``.
"""

from __future__ import annotations

from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets import versions
from amlbridge.v2.assets.codes import CODES
from amlbridge.v2.assets.components import COMPONENTS
from amlbridge.v2.assets.data import DATA
from amlbridge.v2.assets.environments import ENVIRONMENTS
from amlbridge.v2.assets.models import MODELS
from amlbridge.wire.context import Service


def component(service: Service, workspace: Workspace, reference: str) -> dict[str, Any]:
    """A component version; ``properties["componentSpec"]`` is the specification. Without version and label it is the
    default version (the latest). Anonymous ones (``components/azureml_anonymous/versions/<hash>``) are found, too."""
    return versions.resolve_dto(service, workspace, COMPONENTS, reference)


def environment(service: Service, workspace: Workspace, reference: str) -> dict[str, Any]:
    """An environment version, registered by either SDK or curated; ``properties`` hold ``image``, ``condaFile`` (YAML
    text) and ``build`` ({contextUri, dockerfilePath}), each as far as it has one. Any curated name, and any
    environment of the registry ``azureml``, is found and stands for the interpreter behind the client: those have
    ``environmentType`` "Curated"."""
    return versions.resolve_dto(service, workspace, ENVIRONMENTS, reference)


def data(service: Service, workspace: Workspace, reference: str) -> dict[str, Any]:
    """A data version; ``properties`` hold ``dataUri`` and ``dataType`` (uri_file | uri_folder | mltable). A dataset
    that SDK v1 registered is found, too. A plain path (azureml://datastores/…, https://…) is no reference: 400."""
    return versions.resolve_dto(service, workspace, DATA, reference)


def model(service: Service, workspace: Workspace, reference: str) -> dict[str, Any]:
    """A model version; ``properties`` hold ``modelUri`` (azureml://…/datastores/…/paths/…) and ``modelType``
    (custom_model | mlflow_model | triton_model). A model that SDK v1 or MLflow registered is found, too."""
    return versions.resolve_dto(service, workspace, MODELS, reference)


def code(service: Service, workspace: Workspace, reference: str) -> str:
    """The digest of a code version's files in the content-addressed store (``service.parts["snapshots"]``):
    ``SnapshotStore.checkout(workspace.id, digest, folder)`` lays them out."""
    return str(versions.resolve(service, workspace, CODES, reference)[1].properties["_digest"])
