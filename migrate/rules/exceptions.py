"""Exceptions of SDK v1 become those of the v2 client: ``azure.core.exceptions``, and ``JobException`` of a job.

Every request that the service refuses raises ``HttpResponseError``; ``ResourceNotFoundError`` is the one for what is
not there. Where the latest version of an asset is looked up and there is none, the client itself raises
``MlException``. ``jobs.stream`` raises ``JobException`` when the job has failed. What code raises by itself becomes the
class that it is caught as.
"""

from __future__ import annotations

import ast
from functools import partial
from typing import cast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.caught import caught
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

_FOUND = "ResourceNotFoundError"
_REFUSED = "HttpResponseError"
#: What the client raises by itself: where there is no configuration file, among others.
_INVALID = ("azure.ai.ml.exceptions", "ValidationException")
#: What it raises where there is no version of an asset: a class above the one above.
_NO_VERSION = ("azure.ai.ml.exceptions", "MlException")
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
from azureml.core.webservice import Webservice
from azureml.exceptions import WebserviceException

ws = Workspace.from_config()
try:
    service = Webservice(ws, "iris")
except WebserviceException as error:
    print(error.message)
""",
            """\
from azure.ai.ml import MLClient
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
try:
    service = ml_client.online_endpoints.get(name="iris")
except HttpResponseError as error:
    print(error.message)
""",
        ),
        Case(
            """\
from azureml.core import Workspace
from azureml.exceptions import UserErrorException

try:
    ws = Workspace.from_config()
except UserErrorException:
    print("There is no config.json")
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.exceptions import ValidationException
from azure.identity import DefaultAzureCredential

try:
    ml_client = MLClient.from_config(credential=DefaultAzureCredential())
except ValidationException:
    print("There is no config.json")
""",
            "What the client raises by itself",
        ),
    ],
)


@rule.converts(*_TWINS)
def exception(use: Use, to: Rewriter) -> Outcome:
    """The class, where it is caught."""
    module, name = _TWINS[use.symbol]
    if use.call is not None:
        return raised_by_code(use, module, name, to)
    review = f"SDK v2 raises {module}.{name} in this place, or a class of its own"
    handler = to.evaluator.scopes.parents.get(use.node)
    listed = isinstance(handler, ast.Tuple)
    if listed and handler is not None:
        to.rename(handler, partial(_each_once, cast("ast.Tuple", handler), to))
        handler = to.evaluator.scopes.parents.get(handler)
    if name in (_REFUSED, _FOUND) and isinstance(handler, ast.ExceptHandler):
        raised, others = _of_the_client(handler, to)
        names = [to.need(*one) if one[0] else one[1] for one in raised]
        if raised and others:
            both = ", ".join([*names, to.need(module, name)])
            return caught(use, Replace(both if listed else f"({both})", review), to)
        if raised:
            said = f"SDK v2 raises {'.'.join(filter(None, raised[0]))} in this place"
            return caught(use, Replace(names[0], said), to)
    return caught(use, Replace(to.need(module, name), review), to)


_NO_JOB = (
    "outside of a job MLflow starts a local run: ask whether AZUREML_RUN_ID is in os.environ, which raises KeyError "
    "where it is not"
)


@rule.converts("RunEnvironmentException")
def outside_of_jobs(use: Use, to: Rewriter) -> Outcome:
    """What is raised outside of a job, where code that may not run there asks for the job: a variable is missing."""
    handler, parents = to.evaluator.scopes.parents.get(use.node), to.evaluator.scopes.parents
    listed = handler if isinstance(handler, ast.Tuple) else None
    handler = parents.get(listed) if listed is not None else handler
    tried = parents.get(handler) if isinstance(handler, ast.ExceptHandler) else None
    if not isinstance(tried, ast.Try) or not any(_wants_job(node) for part in tried.body for node in ast.walk(part)):
        return Leave(_NO_JOB)
    if listed is not None:
        to.rename(listed, partial(_each_once, listed, to))
    for node in ast.walk(handler) if listed is None and isinstance(handler, ast.ExceptHandler) else ():
        read = isinstance(node, ast.Attribute) and node.attr == "message" and isinstance(node.value, ast.Name)
        if read and node.value.id == handler.name:  # type: ignore[attr-defined, union-attr]
            to.rename(node, f"str({handler.name})")  # type: ignore[union-attr]
    return caught(use, Replace("KeyError", "outside of a job a variable of the environment is missing: KeyError"), to)


def _wants_job(node: ast.AST) -> bool:
    """Whether an expression is a call of ``Run.get_context(allow_offline=False)``."""
    return isinstance(node, ast.Call) and any(
        keyword.arg == "allow_offline" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        for keyword in node.keywords
    )


def _each_once(classes: ast.Tuple, to: Rewriter) -> str:
    """The classes that a handler lists: several of SDK v1 may have become the same one."""
    named = [name for element in classes.elts for name in to.source(element).split(", ")]
    names = list(dict.fromkeys(named))
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def raised_by_code(use: Use, module: str, name: str, to: Rewriter) -> Outcome:
    """An exception that code raises by itself, in the words of the client: what catches it is converted with it."""
    text = use.argument("exception_message", "message", position=0)
    if module != "azure.core.exceptions" or text is None or not isinstance(use.statement, ast.Raise):
        return Leave("raise an exception of your own: those of the client are for what the service refuses")
    lost = [key for key in use.arguments() if isinstance(key, str) and key not in ("exception_message", "message")]
    review = (
        f"raised so that it is caught where {name} is: an exception of your own is clearer where nothing catches it"
    )
    if lost:
        review += f"; it has no {', '.join(lost)}"
    return Replace(f"{to.need(module, name)}({to.source(text)})", review)


def _of_the_client(handler: ast.ExceptHandler, to: Rewriter) -> tuple[list[tuple[str, str]], bool]:
    """What is raised by the client itself in what is tried, as module and class: where there is no configuration file,
    and no version of an asset; and whether anything else of SDK v1 is tried."""
    tried = to.evaluator.scopes.parents.get(handler)
    inside = {node for part in tried.body for node in ast.walk(part)} if isinstance(tried, ast.Try) else set()
    symbols = {use.symbol for use in to.uses if use.node in inside and use.call is not None}
    decided = [to.outcomes[use.node][1] for use in to.uses if use.node in inside and use.node in to.outcomes]
    texts = [outcome.text for outcome in decided if isinstance(outcome, (Replace, Statements))]
    found = []
    if any('label="latest"' in text for text in texts):
        found.append(_NO_VERSION)
    elif "Workspace.from_config" in symbols:
        found.append(_INVALID)
    if any(text.startswith("max(") for text in texts):  # of versions that are listed
        found.append(("", "ValueError"))
    return found, bool(symbols - {"Workspace.from_config"}) or _NO_VERSION in found
