"""Where a model's files are: ``Model.get_model_path``.

In a scoring script (a module with ``init`` and ``run``) the deployment has put the model into the folder
``AZUREML_MODEL_DIR``. SDK v1 gave the path of the file or folder that was registered; that is in this folder under its
own name. Where the name of the model looks like a file name it is taken for that name, otherwise the folder's one entry
is taken: the finding says so. A deployment of SDK v2 has one model: of a script that asks for several it is the folder
with all of them that the rule deployments registers.

Elsewhere (in steps, and in the entry scripts of parallel runs) the model is downloaded from the workspace.
"""

from __future__ import annotations

import ast
import re

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.mixtures.new_clients import WORKSPACES, client
from amlbridge.migrate.models.datasets import version_numbers
from amlbridge.migrate.models.serving.served_models import FOLDER
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.run_workspace import ACCESS
from amlbridge.migrate.text.above import above
from amlbridge.migrate.text.trees import FUNCTIONS, LOOPS

rule = Rule(
    "model-paths",
    __doc__,
    cases=[
        Case(
            """\
import joblib
from azureml.core.model import Model


def init():
    global model
    model = joblib.load(Model.get_model_path("ridge.pkl"))


def run(raw_data):
    return model.predict(raw_data)
""",
            """\
import joblib
import os


def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "ridge.pkl"))


def run(raw_data):
    return model.predict(raw_data)
""",
            "A scoring script",
        ),
        Case(
            """\
import joblib
from azureml.core.model import Model


def init():
    global model, scaler
    model = joblib.load(Model.get_model_path("ridge"))
    scaler = joblib.load(Model.get_model_path("scaler"))


def run(raw_data):
    return model.predict(scaler.transform(raw_data))
""",
            """\
import joblib
import os
from pathlib import Path


def init():
    global model, scaler
    model = joblib.load(
        str(
            next(
                Path(
                    os.environ["AZUREML_MODEL_DIR"], "served_models", "ridge"
                ).iterdir()
            )
        )
    )
    scaler = joblib.load(
        str(
            next(
                Path(
                    os.environ["AZUREML_MODEL_DIR"], "served_models", "scaler"
                ).iterdir()
            )
        )
    )


def run(raw_data):
    return model.predict(scaler.transform(raw_data))
""",
            "A scoring script of several models",
        ),
        Case(
            """\
from azureml.core import Model, Run

ws = Run.get_context().experiment.workspace
path = Model.get_model_path("ridge", version=3, _workspace=ws)
""",
            """\
import os
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient(
    credential=DefaultAzureCredential(),
    subscription_id=os.environ["AZUREML_ARM_SUBSCRIPTION"],
    resource_group_name=os.environ["AZUREML_ARM_RESOURCEGROUP"],
    workspace_name=os.environ["AZUREML_ARM_WORKSPACE_NAME"],
)
registered_model = ml_client.models.get("ridge", version="3")
ml_client.models.download(
    registered_model.name, registered_model.version, download_path="models"
)
path = os.path.join(
    "models", registered_model.name, os.path.basename(registered_model.path)
)
""",
            "A step",
        ),
    ],
)

_FILE = re.compile(r"^[\w.\-]+\.[A-Za-z][A-Za-z0-9]{1,8}$")
#: What ``run`` of a parallel run calls its parameter.
_BATCH = re.compile(r"batch|files|file_?(list|names|paths)|paths|tasks", re.IGNORECASE)
#: What no web service has: the run of a job, and the arguments of a command.
_OF_JOBS = frozenset({"Run.get_context", "Run.get_submitted_run"})
_PARSING = ("parse_args", "parse_known_args")


@rule.converts("Model.get_model_path", "Model._get_model_path_remote")
def get_model_path(use: Use, to: Rewriter) -> Outcome:
    """The path of the model's file or folder."""
    name = use.argument("model_name", position=0)
    if use.call is None or name is None:
        return Leave("the name of the model cannot be told")
    if _is_scoring(use, to):
        return _of_several(name, to) if _asks_for_several(to) else _of_deployment(name, to)
    return _downloaded(use, name, to)


def _is_scoring(use: Use, to: Rewriter) -> bool:
    """Whether the module is the scoring script of a web service."""
    used = {other.symbol for other in to.uses}
    functions = {node.name: node for node in use.evaluator.tree.body if isinstance(node, ast.FunctionDef)}
    if not {"init", "run"} <= functions.keys() or _OF_JOBS.intersection(used):
        return False
    arguments = functions["run"].args.args
    return not (arguments and _BATCH.search(arguments[0].arg)) and not _reads_command(functions["init"], use)


def _reads_command(init: ast.FunctionDef, use: Use) -> bool:
    """Whether the module parses the arguments of a command when it is loaded, or in ``init``."""
    scopes = use.evaluator.scopes
    for call in (call for name in _PARSING for call in use.evaluator.calls().get(name, ())):
        around = list(scopes.ancestors(call))
        functions = [node for node in around if isinstance(node, ast.FunctionDef)]
        guarded = any(isinstance(node, ast.If) and "__name__" in ast.unparse(node.test) for node in around)
        if functions == [init] or not (functions or guarded):
            return True
    return False


def _of_deployment(name: ast.expr, to: Rewriter) -> Outcome:
    folder = f'{to.need_module("os")}.environ["AZUREML_MODEL_DIR"]'
    text = to.evaluator.text(name)
    if text is not None and _FILE.match(text):
        review = f"assumed that the file of the model is called {text}, as the model is"
        return Replace(f"os.path.join({folder}, {to.source(name)})", review)
    path = to.need("pathlib", "Path")
    review = "assumed that the model is one file or folder: v1 gave its path, AZUREML_MODEL_DIR is the folder it is in"
    return Replace(f"str(next({path}({folder}).iterdir()))", review)


def _asks_for_several(to: Rewriter) -> bool:
    """Whether the script asks for models of different names: then the deployment had a list of them."""
    asked = [use.argument("model_name", position=0) for use in to.uses if use.symbol == "Model.get_model_path"]
    names = [name for name in asked if name is not None]
    different = len({to.evaluator.text(name) or ast.dump(name) for name in names}) > 1
    return different or any(to.evaluator.text(name) is None and _is_asked_again(name, to) for name in names)


def _is_asked_again(name: ast.expr, to: Rewriter) -> bool:
    """Whether a name that is made at run time is asked for in a loop, or in a function that is called several times."""
    for node in to.evaluator.scopes.ancestors(name):
        if isinstance(node, LOOPS):
            return True
        if isinstance(node, FUNCTIONS):
            calls = to.evaluator.calls().get(node.name, ())
            given = {ast.unparse(call) for call in calls if call.args or call.keywords}
            return len(given) > 1 or any(_is_in_loop(call, to) for call in calls)
    return False


def _is_in_loop(node: ast.AST, to: Rewriter) -> bool:
    return any(isinstance(around, LOOPS) for around in to.evaluator.scopes.ancestors(node))


def _of_several(name: ast.expr, to: Rewriter) -> Outcome:
    path, os = to.need("pathlib", "Path"), to.need_module("os")
    folder = f'{os}.environ["AZUREML_MODEL_DIR"], "{FOLDER}", {to.source(name)}'
    review = f'assumed that the deployment has the folder "{FOLDER}", with a folder for each model and one entry in it'
    return Replace(f"str(next({path}({folder}).iterdir()))", review)


def _downloaded(use: Use, name: ast.expr, to: Rewriter) -> Outcome:
    workspace = use.argument("_workspace", "workspace", position=2)
    given = workspace is not None and to.evaluator.type_of(workspace) == "Workspace"
    outside = _is_outside(to)
    ml_client = to.client(use.node, workspace if given else None) if given or outside else client(use, to)
    version = use.argument("version", position=1)
    chosen = version_numbers.asked_for(version, to)
    model = to.fresh("registered_model")
    download = f'{ml_client}.models.download({model}.name, {model}.version, download_path="models")'
    above(use, to, f"{model} = {ml_client}.models.get({to.source(name)}, {chosen})\n{download}")
    os = to.need_module("os")
    path = f'{os}.path.join("models", {model}.name, {os}.path.basename({model}.path))'
    return Replace(path, "" if outside else ACCESS)


def _is_outside(to: Rewriter) -> bool:
    """Whether the code runs in no job: a notebook, or a module that names a workspace and asks for no run."""
    symbols = {use.symbol for use in to.uses}
    return not _OF_JOBS & symbols and (to.path.suffix == ".ipynb" or bool(WORKSPACES & symbols))
