"""The version of the SDK: ``azureml.core.VERSION`` -> ``azure.ai.ml.__version__``.

Notebooks print it in their first cell.
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.environments.environment import GPU_IMAGE
from amlbridge.migrate.registry import Case, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "versions",
    __doc__,
    cases=[
        Case(
            "import azureml.core\n\nprint(azureml.core.VERSION)\n",
            "import azure.ai.ml\n\nprint(azure.ai.ml.__version__)\n",
        ),
        Case(
            "import azureml.core\nfrom azureml.telemetry import set_diagnostics_collection\n\n"
            "set_diagnostics_collection(send_diagnostics=True)\nprint(azureml.core.VERSION)\n",
            "import azure.ai.ml\n\nprint(azure.ai.ml.__version__)\n",
            "A switch that SDK v2 lacks",
        ),
    ],
)


#: The base image with Python and MPI that environments of SDK v2 start from.
CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest"


@rule.converts("VERSION", "__version__")
def version(use: Use, to: Rewriter) -> Outcome:
    """The version of the client package."""
    return Replace(f"{to.need_module('azure.ai.ml')}.__version__")


_METHODS = ("split", "rsplit", "partition", "startswith", "endswith", "strip", "replace", "lower")
_OTHER = "it is the version of azure-ai-ml: what is compared with it was one of SDK v1"


@rule.converts(*(f"{name}.{method}" for name in ("VERSION", "__version__") for method in _METHODS))
def text_of_version(use: Use, to: Rewriter) -> Outcome:
    """The same method of the new version's text."""
    found = f"{to.need_module('azure.ai.ml')}.__version__.{use.symbol.rpartition('.')[2]}"
    if use.call is None:
        return Replace(found, _OTHER)
    given = [to.source(argument) for argument in use.call.args]
    given += [f"{keyword.arg}={to.source(keyword.value)}" for keyword in use.call.keywords]
    return Replace(f"{found}({', '.join(given)})", _OTHER)


@rule.converts("set_diagnostics_collection")
def diagnostics(use: Use, to: Rewriter) -> Outcome:
    """SDK v2 has no such switch."""
    review = "SDK v2 has no switch for this telemetry"
    return Statements("", review) if use.is_statement else Replace("None", review)


@rule.converts("DEFAULT_CPU_IMAGE", "DEFAULT_GPU_IMAGE")
def image(use: Use, to: Rewriter) -> Outcome:
    """The successors of v1's default images."""
    if use.symbol == "DEFAULT_GPU_IMAGE":
        return Replace(GPU_IMAGE)
    return Replace(f'"{CPU_IMAGE}"')
