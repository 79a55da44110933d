"""Models that a script registers: ``run.register_model`` becomes ``ml_client.models.create_or_update``.

The path is the address of the file among the artifacts of the job, as Microsoft's article has it. As before, the file
has to be uploaded by then: ``mlflow.log_artifact`` does that at once, files in ``outputs/`` follow while the job runs.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.inside import run_id
from amlbridge.migrate.mixtures.new_clients import client
from amlbridge.migrate.models.runs.artifacts import stored_path, stored_text
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.run_metrics import quoted
from amlbridge.migrate.rules.run_workspace import ACCESS

rule = Rule(
    "run-models",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Run

run = Run.get_context()
run.upload_file("model.pkl", "out/model.pkl")
run.register_model(model_name="ridge", model_path="model.pkl", tags={"kind": "linear"})
""",
            """\
import os
import mlflow
from azure.ai.ml import MLClient
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import Model
from azure.identity import DefaultAzureCredential

run = mlflow.active_run() or mlflow.start_run()
mlflow.log_artifact("out/model.pkl")
ml_client = MLClient(
    credential=DefaultAzureCredential(),
    subscription_id=os.environ["AZUREML_ARM_SUBSCRIPTION"],
    resource_group_name=os.environ["AZUREML_ARM_RESOURCEGROUP"],
    workspace_name=os.environ["AZUREML_ARM_WORKSPACE_NAME"],
)
ml_client.models.create_or_update(
    Model(
        name="ridge",
        path=f"azureml://jobs/{run.info.run_id}/outputs/artifacts/paths/model.pkl",
        type=AssetTypes.CUSTOM_MODEL,
        tags={"kind": "linear"},
    )
)
""",
        )
    ],
)

#: Keyword and position of v1 -> keyword of the entity of v2.
_SAME = {"tags": 2, "properties": 3, "description": 6}
_WITHOUT = (
    "model_framework",
    "model_framework_version",
    "datasets",
    "sample_input_dataset",
    "sample_output_dataset",
    "resource_configuration",
)


@rule.converts("RunContext.register_model")
def register_model(use: Use, to: Rewriter) -> Outcome:
    """Registers files of the run."""
    name = use.argument("model_name", position=0)
    if name is None or use.receiver is None:
        return Leave("the name of the model cannot be told")
    path = use.argument("model_path", position=1) or name
    model = to.need("azure.ai.ml.entities", "Model")
    kinds = to.need("azure.ai.ml.constants", "AssetTypes")
    parts = [f"name={to.source(name)}", f"path={_address(use, path, to)}", f"type={kinds}.CUSTOM_MODEL"]
    for keyword, position in _SAME.items():
        node = use.passed(keyword, position=position)
        if node is not None:
            parts.append(f"{keyword}={to.source(node)}")
    dropped = [keyword for keyword in _WITHOUT if keyword in use.arguments()]
    lost = f"; models of SDK v2 have no {', '.join(dropped)}" if dropped else ""
    code = f"{client(use, to)}.models.create_or_update({model}({', '.join(parts)}))"
    return Replace(code, ACCESS + lost)


def _address(use: Use, path: ast.expr, to: Rewriter) -> str:
    """Code for the address of an artifact of the run."""
    assert use.receiver is not None
    identity = run_id(use.receiver, to)
    start = "azureml://jobs/{" + identity.replace('"', "'") + "}/outputs/artifacts/paths/"
    text = to.evaluator.text(path) if isinstance(path, ast.Constant) else None
    if text is not None and "{" not in text:
        text = stored_text(text)
        return "f" + quoted(start + text).replace("\\'", "'")
    code = stored_path(path, to)
    if isinstance(path, (ast.Name, ast.Attribute)) and code == to.source(path):
        return f'f"{start}{{{code}}}"'
    return f'f"{start}" + {code}'
