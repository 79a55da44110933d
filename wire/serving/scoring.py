"""The scoring URIs: a request goes to a deployment of its endpoint, by the endpoint's traffic.

What is answered when scoring fails follows the documentation of Azure's endpoints: a managed online endpoint answers
424 with the headers ms-azureml-model-error-statuscode and -reason for whatever is no success of the model's container,
408 when it takes too long and 429 when there are too many requests; ACI passes on what the container answers; AKS
answers 502, 504 and 503.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import uuid
from concurrent.futures import Future
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from amlbridge.engine.serving.contract import Answer, NotServingError, OverloadedError, Request
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import ServiceError, not_found
from amlbridge.wire.routing import REST, Reply, Routes
from amlbridge.wire.serving import access, operator, records
from amlbridge.wire.serving.records import Deployment, Endpoint, Flavor, Style

log = logging.getLogger(__name__)

routes = Routes("scoring")

#: The header by which a caller chooses a deployment.
DEPLOYMENT = "azureml-model-deployment"
_BASE = "/serving/{flavor}/{workspace_id}/{endpoint}"
#: Not for the script: who calls is settled here, and the connection is ours.
_NOT_PASSED = frozenset({"authorization", "host", "connection", "content-length", "transfer-encoding", "expect"})
_NOT_RETURNED = frozenset({"connection", "content-length", "transfer-encoding"})
#: Seconds more than a request may take, after which we no longer wait for its process.
_GRACE = 2.5
_TOO_LONG: dict[Style, int] = {"managed": 408, "aci": 504, "aks": 504}
_TOO_MANY: dict[Style, int] = {"managed": 429, "aci": 429, "aks": 503}


def uri(service: Service, endpoint: Endpoint, deployment: str = "") -> str:
    """The scoring URI of an endpoint, or of one of its deployments alone."""
    part = f"deployments/{deployment}/" if deployment else ""
    return f"{service.http_url}/serving/{endpoint.flavor}/{endpoint.workspace}/{endpoint.name}/{part}score"


def swagger_uri(service: Service, endpoint: Endpoint) -> str:
    """Where the description of an endpoint would be."""
    return uri(service, endpoint).removesuffix("score") + "swagger.json"


@routes.post(f"{_BASE}/score", access="open")
@routes.get(f"{_BASE}/score", access="open")
@routes.operation("OPTIONS", f"{_BASE}/score", access="open")
@routes.post(f"{_BASE}/deployments/{{deployment}}/score", access="open")
def score(call: Call) -> Reply:
    """Calls the model behind an endpoint: run() of its script, or an MLflow model. Asks for the endpoint's own key."""
    endpoint = _endpoint(call)
    access.check(call.service, endpoint, call.headers)
    deployment = _choose(call, endpoint)
    headers = {name.lower(): value for name, value in call.headers.items() if name.lower() not in _NOT_PASSED}
    request = Request(call.method, call.query_string, headers, call.body)
    try:
        future = _submit(call.service, deployment, request)
    except OverloadedError as error:
        raise ServiceError(_TOO_MANY[endpoint.style], "TooManyRequests", str(error)) from error
    except NotServingError as error:
        return _failed(endpoint, 503, f"the deployment {deployment.name} has failed: {error}", "deployment")
    _mirror(call.service, endpoint, request)
    return _Scored(endpoint, deployment, future)


@routes.get(f"{_BASE}", access="open", others=REST)
def health(call: Call) -> Reply:
    """Whether an endpoint's deployments answer."""
    endpoint = _endpoint(call)
    found = records.deployments(call.service, endpoint.workspace, endpoint.flavor, endpoint.name)
    if not any(item.state == records.SUCCEEDED for item in found):
        raise ServiceError(503, "Unhealthy", f"no deployment of the endpoint {endpoint.name} is ready")
    return Response("Healthy", media_type="text/plain")


_NO_SWAGGER = (
    "amlbridge makes no description (swagger.json) of endpoints: read the signature of run(), or of the model."
)


@routes.operation("GET", f"{_BASE}/swagger.json", access="open", refused=_NO_SWAGGER, refused_as=(404, "NotFound"))
def swagger(call: Call) -> Reply:
    """The description of what an endpoint takes and answers."""
    raise AssertionError(call.path)


def _endpoint(call: Call) -> Endpoint:
    flavor, name = call.params["flavor"], call.params["endpoint"]
    found: Endpoint | None = None
    if flavor in ("online", "service"):
        chosen: Flavor = "online" if flavor == "online" else "service"
        found = records.find_endpoint(call.service, call.params["workspace_id"], chosen, name)
    if found is None:
        raise not_found(f"there is no endpoint {name}: its scoring URI is told by its scoring_uri")
    return found


def _choose(call: Call, endpoint: Endpoint) -> Deployment:
    wanted = call.params.get("deployment") or call.headers.get(DEPLOYMENT)
    place = (endpoint.workspace, endpoint.flavor, endpoint.name)
    if not wanted:
        names = [name for name, percent in endpoint.traffic.items() if percent > 0]
        if not names:
            raise not_found(
                f"no deployment of the endpoint {endpoint.name} gets any traffic: set its traffic, or name a "
                f"deployment by the header {DEPLOYMENT}"
            )
        wanted = random.choices(names, [endpoint.traffic[name] for name in names])[0]  # no secret
    found = records.find_deployment(call.service, *place, wanted)
    if found is None:
        raise not_found(f"the endpoint {endpoint.name} has no deployment {wanted}")
    return found


def _submit(service: Service, deployment: Deployment, request: Request) -> Future[Answer]:
    server = operator.of(service).server(deployment)
    if server is None:
        raise NotServingError(deployment.error or "it does not run")
    return server.submit(request)


def _mirror(service: Service, endpoint: Endpoint, request: Request) -> None:
    """A copy of some requests for another deployment; what it answers goes nowhere."""
    for name, percent in endpoint.mirror.items():
        if random.uniform(0, 100) >= percent:  # no secret
            continue
        found = records.find_deployment(service, endpoint.workspace, endpoint.flavor, endpoint.name, name)
        if found is None:
            continue
        try:
            _submit(service, found, request)
        except (OverloadedError, NotServingError) as error:
            log.info("no copy of a request for the deployment %s: %s", found.key, error)


def _failed(endpoint: Endpoint, status: int, message: str, reason: str) -> Response:
    """A failure that no answer of the model tells."""
    return _told(endpoint, Answer(status, json.dumps({"message": message}).encode(), _JSON, reason))


_JSON = {"content-type": "application/json"}


def _told(endpoint: Endpoint, answer: Answer) -> Response:
    """An answer of a model as the endpoint tells it."""
    status, headers = answer.status, {k: v for k, v in answer.headers.items() if k not in _NOT_RETURNED}
    if answer.reason == "timeout":
        status = _TOO_LONG[endpoint.style]
    elif endpoint.style == "managed" and not 200 <= status < 300:
        headers |= {
            "ms-azureml-model-error-statuscode": str(status),
            "ms-azureml-model-error-reason": "model_error" if answer.reason != "died" else "model_died",
        }
        status = 424
    elif endpoint.style == "aks" and answer.reason in ("run", "died"):
        status = 502
    if answer.reason == "run":
        headers["x-ms-run-function-failed"] = "True"
    return Response(answer.body, status, headers)


class _Scored(Response):
    """Waits for the answer without a thread of its own."""

    def __init__(self, endpoint: Endpoint, deployment: Deployment, future: Future[Answer]) -> None:
        super().__init__()
        self._endpoint, self._deployment, self._future = endpoint, deployment, future

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._response()
        identifier = uuid.uuid4().hex
        for name, value in ((DEPLOYMENT, self._deployment.name), ("x-request-id", identifier)):
            response.headers[name] = value
        response.headers.setdefault("x-ms-request-id", identifier)
        await response(scope, receive, send)

    async def _response(self) -> Response:
        seconds = self._deployment.request_timeout
        try:
            answer = await asyncio.wait_for(asyncio.wrap_future(self._future), seconds + _GRACE)
        except asyncio.TimeoutError:  # another class than TimeoutError in Python 3.10
            return _failed(self._endpoint, 500, f"Scoring timeout after {seconds * 1000:.0f} ms", "timeout")
        except NotServingError as error:
            return _failed(self._endpoint, 503, f"the deployment {self._deployment.name}: {error}", "deployment")
        if answer.headers.get("content-type", "").startswith("text/plain") and answer.reason is not None:
            content: dict[str, Any] = {"message": answer.body.decode(errors="replace")}
            return _told(self._endpoint, Answer(answer.status, json.dumps(content).encode(), _JSON, answer.reason))
        return _told(self._endpoint, answer)
