"""What a web service asks for, checked: its models, its code, its environment, how many processes, how long."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amlbridge.engine.serving import MOST_PROCESSES
from amlbridge.v1 import run_environments
from amlbridge.v1.model_queries import string_map
from amlbridge.v1.webservices import images, sources
from amlbridge.v1.webservices.sources import Source
from amlbridge.wire import computes
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError, bad_request, not_found
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


@dataclass(frozen=True)
class Wanted:
    """A web service as asked for."""

    deployment: Deployment
    auth: Auth
    source: Source


def check_service_name(name: str) -> str:
    """The name. Raises a 400 ServiceError for one that cannot be."""
    if not _NAME.fullmatch(name):
        raise bad_request(
            f"{name!r} cannot be the name of a web service: 3 to 32 lowercase letters, digits and '-', a letter first, "
            "no '-' last"
        )
    return name


def read(call: Call, content: Mapping[str, Any], endpoint: str | None = None) -> Wanted:
    """What a request to create a service asks for, or a version of an ``endpoint``. Raises a 4xx ServiceError."""
    name = check_service_name(typed(content, "name", str))
    kind = typed(content, "computeType", str).upper()
    _refuse(call, content, kind)
    source = _source(call, content)
    replicas, concurrent = _replicas(content, kind)
    deployment = Deployment(
        workspace=call.workspace.id,
        flavor=FLAVOR,
        endpoint=endpoint or name,
        name=name if endpoint else DEPLOYMENT,
        generation=uuid.uuid4().hex,
        script=source.script,
        code="",
        model="",
        model_dir=source.model_dir,
        environment=source.environment,
        mode=run_environments.mode(call.service, call.workspace, call.identity),
        variables=source.variables,
        processes=replicas,
        request_timeout=_timeout(content),
        start_timeout=_START_TIMEOUT,
        most_requests=_ACI_REQUESTS if kind == "ACI" else 2 * concurrent * replicas,
    )
    return Wanted(deployment, auth(content, kind), source)


def _source(call: Call, content: Mapping[str, Any]) -> Source:
    """What the service is made of: an image, or models and code with an environment."""
    image = typed(content, "imageId", str, None)
    if not image:
        request = typed(content, "environmentImageRequest", dict)
        return sources.of_request(call.service, call.workspace, request, "environmentImageRequest")
    if content.get("environmentImageRequest"):
        raise bad_request(
            "a web service is made either of an image or of an environment: this one would have both. Deploy it anew "
            "with overwrite=True"
        )
    return images.source(call.service, call.workspace, image)


def _refuse(call: Call, content: Mapping[str, Any], kind: str) -> None:
    if kind not in ("ACI", "AKS"):
        raise ServiceError(
            501,
            "NotSupported",
            f"web services of the kind {kind} are not run by amlbridge: deploy with AciWebservice, AksWebservice or "
            "AksEndpoint",
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


def auth(content: Mapping[str, Any], kind: str) -> Auth:
    """ACI services have no authentication unless they ask for it, AKS services have keys."""
    if typed(content, "aadAuthEnabled", bool, False):
        if typed(content, "authEnabled", bool, False):
            raise bad_request("a web service has either keys or tokens, not both auth_enabled and token_auth_enabled")
        return "token"
    return "key" if typed(content, "authEnabled", bool, kind == "AKS") else "none"


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


def texts(content: Mapping[str, Any], field: str) -> dict[str, str]:
    """Tags or properties. Raises a 400 ServiceError."""
    return string_map(content, field) or {}


def check_kept(old: Mapping[str, str], new: Mapping[str, str], what: str) -> None:
    """Raises a 400 ServiceError when a property was changed or removed."""
    for key, value in old.items():
        if new.get(key) != value:
            raise bad_request(f"the property {key!r} of a {what} cannot be changed or removed, only tags can")
