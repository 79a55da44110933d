"""Raw HTTP in scoring scripts: ``AMLRequest``, ``AMLResponse`` and ``rawhttp`` come from the inference server.

The package azureml-inference-server-http, which serves the script in SDK v2, has them under the same names. A request
is Flask's in both SDKs, with the same members.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.environments.environment import assigned
from amlbridge.migrate.registry import Case, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "scoring-requests",
    __doc__,
    cases=[
        Case(
            """\
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse


@rawhttp
def run(request: AMLRequest):
    response = AMLResponse(request.get_data(), 200)
    response.mimetype = "image/jpg"
    return response
""",
            """\
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse


@rawhttp
def run(request: AMLRequest):
    response = AMLResponse(request.get_data(), 200)
    response.mimetype = "image/jpg"
    return response
""",
        )
    ],
)

_API = "azureml_inference_server_http.api"


@rule.converts("AMLRequest", "AMLResponse", "rawhttp")
def moved(use: Use, to: Rewriter) -> Outcome:
    """The same name of the inference server's package."""
    module = f"{_API}.aml_response" if use.symbol == "AMLResponse" else f"{_API}.aml_request"
    name = to.need(module, use.symbol)
    return Replace(name if use.call is None else f"{name}({_arguments(use.call, to)})")


#: What scripts read of a request: members of flask.Request.
_REQUEST = (
    "args", "base_url", "content_length", "content_type", "cookies", "data", "files", "form", "full_path", "get_data",
    "get_json", "headers", "host", "is_json", "json", "method", "mimetype", "path", "query_string", "remote_addr",
    "stream", "url", "values",
)  # fmt: skip
#: What they read and set of a response: members of flask.Response.
_RESPONSE = (
    "content_type", "data", "get_data", "headers", "mimetype", "set_cookie", "set_data", "status", "status_code",
)  # fmt: skip
_READ = (*(f"AMLRequest.{name}" for name in _REQUEST), *(f"AMLResponse.{name}" for name in _RESPONSE))


@rule.converts(*_READ, *(f"AMLResponse.{name}=" for name in _RESPONSE))
def member(use: Use, to: Rewriter) -> Outcome:
    """The same member of the same request or response."""
    assert use.receiver is not None
    if use.symbol.endswith("="):
        target = f"{to.source(use.receiver)}.{use.symbol.rsplit('.', 1)[1].removesuffix('=')}"
        return Statements(f"{target} = {to.source(assigned(use))}")
    code = f"{to.source(use.receiver)}.{use.symbol.rsplit('.', 1)[1]}"
    return Replace(code if use.call is None else f"{code}({_arguments(use.call, to)})")


def _arguments(call: ast.Call, to: Rewriter) -> str:
    parts = [to.source(node) for node in call.args]
    parts += [f"{k.arg}={to.source(k.value)}" if k.arg else f"**{to.source(k.value)}" for k in call.keywords]
    return ", ".join(parts)
