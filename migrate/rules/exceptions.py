"""Exceptions of SDK v1 become those of the v2 client: ``azure.core.exceptions``, and ``JobException`` of a job.

Every request that the service refuses raises ``HttpResponseError``; ``ResourceNotFoundError`` is the one for what is
not there. ``jobs.stream`` raises ``JobException`` when the job has failed.
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter

_FOUND = "ResourceNotFoundError"
_REFUSED = "HttpResponseError"
#: Exception of v1 -> its v2 counterpart, by module.
_TWINS = {
    "ModelNotFoundException": ("azure.core.exceptions", _FOUND),
    "ErrorResponseException": ("azure.core.exceptions", _REFUSED),
    "WebserviceException": ("azure.core.exceptions", _REFUSED),
    "ServiceException": ("azure.core.exceptions", _REFUSED),
    "AzureMLException": ("azure.core.exceptions", _REFUSED),
    "AzureMLAggregatedException": ("azure.core.exceptions", _REFUSED),
    "UserErrorException": ("azure.core.exceptions", _REFUSED),
    "WorkspaceException": ("azure.core.exceptions", _REFUSED),
    "ProjectSystemException": ("azure.core.exceptions", _REFUSED),
    "DatasetExecutionError": ("azure.core.exceptions", _REFUSED),
    "AuthenticationException": ("azure.core.exceptions", "ClientAuthenticationError"),
    "ExperimentExecutionException": ("azure.ai.ml.exceptions", "JobException"),
    "ActivityFailedException": ("azure.ai.ml.exceptions", "JobException"),
    "TrainingException": ("azure.ai.ml.exceptions", "JobException"),
}

rule = Rule(
    "exceptions",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace
from azureml.exceptions import WebserviceException

try:
    ws = Workspace.from_config()
except WebserviceException as error:
    print(error.message)
""",
            """\
from azure.ai.ml import MLClient
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential

try:
    ml_client = MLClient.from_config(credential=DefaultAzureCredential())
except HttpResponseError as error:
    print(error.message)
""",
        )
    ],
)


@rule.converts(*_TWINS)
def exception(use: Use, to: Rewriter) -> Outcome:
    """The class, where it is caught."""
    if use.call is not None:
        return Leave("raise an exception of your own: those of the client are for what the service refuses")
    module, name = _TWINS[use.symbol]
    return Replace(to.need(module, name), f"SDK v2 raises {module}.{name} in this place, or a class of its own")
