"""Raw HTTP in scoring scripts: ``AMLRequest``, ``AMLResponse`` and ``rawhttp`` come from the inference server.

The package azureml-inference-server-http, which serves the script in SDK v2, has them under the same names. A request
is Flask's in both SDKs, with the same members.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Outcome, Replace, Rule
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
    return AMLResponse(request.get_data(), 200)
""",
            """\
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse


@rawhttp
def run(request: AMLRequest):
    return AMLResponse(request.get_data(), 200)
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
_MEMBERS = (
    "args", "base_url", "content_length", "content_type", "cookies", "data", "files", "form", "full_path", "get_data",
    "get_json", "headers", "host", "is_json", "json", "method", "mimetype", "path", "query_string", "remote_addr",
    "stream", "url", "values",
)  # fmt: skip


@rule.converts(*(f"AMLRequest.{member}" for member in _MEMBERS))
def member(use: Use, to: Rewriter) -> Outcome:
    """The same member of the same request."""
    assert use.receiver is not None
    code = f"{to.source(use.receiver)}.{use.symbol.rsplit('.', 1)[1]}"
    return Replace(code if use.call is None else f"{code}({_arguments(use.call, to)})")


def _arguments(call: ast.Call, to: Rewriter) -> str:
    parts = [to.source(node) for node in call.args]
    parts += [f"{k.arg}={to.source(k.value)}" if k.arg else f"**{to.source(k.value)}" for k in call.keywords]
    return ", ".join(parts)
