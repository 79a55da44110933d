"""Raw HTTP in scoring scripts: ``AMLRequest``, ``AMLResponse`` and ``rawhttp`` come from the inference server.

The package azureml-inference-server-http, which serves the script in SDK v2, has them under the same names.
"""

from __future__ import annotations

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
def run(request):
    return AMLResponse("ok", 200)
""",
            """\
from azureml_inference_server_http.api.aml_request import rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse


@rawhttp
def run(request):
    return AMLResponse("ok", 200)
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
    if use.call is None:
        return Replace(name)
    parts = [to.source(node) for node in use.call.args]
    parts += [f"{k.arg}={to.source(k.value)}" if k.arg else f"**{to.source(k.value)}" for k in use.call.keywords]
    return Replace(f"{name}({', '.join(parts)})")
