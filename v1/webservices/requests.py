"""What a web service asks for, checked: its models, its code, its environment, how many processes, how long."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amlbridge.engine.blobs import check_name
from amlbridge.engine.errors import InvalidNameError
from amlbridge.engine.serving import MOST_PROCESSES
from amlbridge.v1 import graph_runconfig, run_environments
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.model_queries import string_map
from amlbridge.v1.webservices import files
from amlbridge.v1.webservices.files import Asset
from amlbridge.wire import computes
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError, bad_request, not_found
from amlbridge.wire.serving.files import MODELS, ModelFiles
from amlbridge.wire.serving.records import Auth, Deployment, Flavor

FLAVOR: Flavor = "service"
#: A web service is one deployment.
DEPLOYMENT = "service"
#: The client's own rule.
_NAME = re.compile(r"[a-z](?:[-a-z0-9]{1,30}[a-z0-9])")
#: Seconds; AKS's own default, and what is taken where ACI has no limit.
_SCORING_TIMEOUT, _START_TIMEOUT = 60.0, 310.0
#: How many requests an ACI service takes at a time: it has no setting for it.
_ACI_REQUESTS = 100
#: The variable by which the client names the scoring script; its driver program, which would load it, is left alone.
_ENTRY, _SOURCE = "AZUREML_ENTRY_SCRIPT", "AZUREML_SOURCE_DIRECTORY"


@dataclass(frozen=True)
class Wanted:
    """A web service as asked for."""

    deployment: Deployment
    auth: Auth
    models: tuple[ModelFiles, ...]
    assets: tuple[Asset, ...]


def check_service_name(name: str) -> str:
    """The name. Raises a 400 ServiceError for one that cannot be."""
    if not _NAME.fullmatch(name):
        raise bad_request(
            f"{name!r} cannot be the name of a web service: 3 to 32 lowercase letters, digits and '-', a letter first, "
            "no '-' last"
        )
    return name


def read(call: Call, content: Mapping[str, Any]) -> Wanted:
    """What a request to create a service asks for. Raises a 4xx ServiceError."""
    name = check_service_name(typed(content, "name", str))
    kind = typed(content, "computeType", str).upper()
    _refuse(call, content, kind)
    request = typed(content, "environmentImageRequest", dict)
    models = tuple(_models(call, request))
    environment: dict[str, Any] = typed(request, "environment", dict, {})
    if not environment:
        raise ServiceError(
            501,
            "NotSupported",
            "deploying a model without an InferenceConfig takes a server that Microsoft keeps for its framework: give "
            "Model.deploy an InferenceConfig with an entry_script and an environment",
        )
    config = Fields({"environment": environment}, "environmentImageRequest")
    variables = {key: str(value) for key, value in graph_runconfig.variables(config).items()}
    replicas, concurrent = _replicas(content, kind)
    model_dir = (models[0].place if len(models) == 1 else MODELS) if models else None
    deployment = Deployment(
        workspace=call.workspace.id,
        flavor=FLAVOR,
        endpoint=name,
        name=DEPLOYMENT,
        generation=uuid.uuid4().hex,
        script=_script(variables),
        code="",
        model="",
        model_dir=model_dir,
        environment=graph_runconfig.environment(config),
        mode=run_environments.mode(call.service, call.workspace, call.identity),
        variables={key: value for key, value in variables.items() if key != _ENTRY},
        processes=replicas,
        request_timeout=_timeout(content),
        start_timeout=_START_TIMEOUT,
        most_requests=_ACI_REQUESTS if kind == "ACI" else 2 * concurrent * replicas,
    )
    return Wanted(deployment, _auth(content, kind), models, tuple(_assets(call, request)))


def _refuse(call: Call, content: Mapping[str, Any], kind: str) -> None:
    if kind not in ("ACI", "AKS"):
        raise ServiceError(
            501,
            "NotSupported",
            f"web services of the kind {kind} are not run by amlbridge: deploy with AciWebservice or AksWebservice",
        )
    if content.get("imageId"):
        raise ServiceError(
            501, "NotSupported", "amlbridge has no container images: deploy with Model.deploy and an environment"
        )
    if typed(content, "sslEnabled", bool, False):
        raise bad_request("the scoring URI is http on this machine: leave ssl_enabled out", "NotSupported")
    collection: dict[str, Any] = typed(content, "dataCollection", dict, {})
    if typed(collection, "storageEnabled", bool, False) or typed(collection, "eventHubEnabled", bool, False):
        raise bad_request(
            "collect_model_data: amlbridge does not collect the data of requests: leave it out, and log what you want "
            "to keep in run()",
            "NotSupported",
        )
    if kind == "AKS":
        compute = typed(content, "computeName", str)
        if not computes.exists(call.service, call.workspace, compute):
            raise not_found(
                f"there is no compute {compute} in the workspace {call.workspace.name}: create or attach it, or deploy "
                "with AciWebservice",
                "ComputeNotFound",
            )


def _auth(content: Mapping[str, Any], kind: str) -> Auth:
    """ACI services have no authentication unless they ask for it, AKS services have keys."""
    if typed(content, "aadAuthEnabled", bool, False):
        if typed(content, "authEnabled", bool, False):
            raise bad_request("a web service has either keys or tokens, not both auth_enabled and token_auth_enabled")
        return "token"
    return "key" if typed(content, "authEnabled", bool, kind == "AKS") else "none"


def _script(variables: Mapping[str, str]) -> str:
    named = variables.get(_ENTRY)
    if not named:
        raise bad_request(f"the environment of the request has no variable {_ENTRY}, which names the scoring script")
    try:
        return "/".join(check_name(named.replace("\\", "/").removeprefix("./")))
    except InvalidNameError as error:
        raise bad_request(f"the scoring script {named!r} is no path in the source directory: {error}") from error


def _replicas(content: Mapping[str, Any], kind: str) -> tuple[int, int]:
    """How many processes, and how many requests at a time for each."""
    if kind == "ACI":
        return 1, 1
    scaler: dict[str, Any] = typed(content, "autoScaler", dict, {})
    count = typed(content, "numReplicas", int, typed(scaler, "minReplicas", int, 1))
    concurrent = typed(content, "maxConcurrentRequestsPerContainer", int, 1)
    if not 1 <= count <= MOST_PROCESSES:
        raise bad_request(f"the replicas must be 1 to {MOST_PROCESSES} on this machine, not {count}")
    if not 1 <= concurrent <= 10000:
        raise bad_request(f"replica_max_concurrent_requests must be 1 to 10000, not {concurrent}")
    return count, concurrent


def _timeout(content: Mapping[str, Any]) -> float:
    found = typed(content, "scoringTimeoutMs", float, _SCORING_TIMEOUT * 1000) / 1000
    if not (math.isfinite(found) and 0 < found <= 3600):
        raise bad_request(f"scoring_timeout_ms must be more than 0 and at most 3600000, not {found * 1000:g}")
    return found


def _models(call: Call, request: Mapping[str, Any]) -> list[ModelFiles]:
    ids: list[Any] = typed(request, "modelIds", list, [])
    return [files.model(call.service, call.workspace, str(item)) for item in ids]


def _assets(call: Call, request: Mapping[str, Any]) -> list[Asset]:
    """The code: what the client uploaded, without its driver program."""
    driver, found = request.get("driverProgram"), []
    given: list[Any] = typed(request, "assets", list, [])
    for item in given:
        if not isinstance(item, dict):
            raise bad_request("assets must be objects")
        if item.get("id") != driver:
            found.append(files.asset(call.service, call.workspace, typed(item, "url", str), bool(item.get("unpack"))))
    return found


def texts(content: Mapping[str, Any], field: str) -> dict[str, str]:
    """Tags or properties. Raises a 400 ServiceError."""
    return string_map(content, field) or {}
