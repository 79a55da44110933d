"""``Data`` of a run configuration becomes an ``Input``.

``run_config.data = {"name": Data(...)}`` gives the runs data beside their arguments: they are inputs of the command in
SDK v2. Arguments that name them, ``"DatasetConsumptionConfig:name"``, are the placeholders ``${{inputs.name}}``.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.datasets.data import follow, input_code, lists_files
from amlbridge.migrate.models.jobs.run_data import MODES
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "run-configuration-data",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace
from azureml.core.runconfig import Data, DataLocation
from azureml.core.runconfig import Dataset as RunDataset

ws = Workspace.from_config()
dataset = Dataset.get_by_name(ws, "numbers")
config = ScriptRunConfig(
    source_directory="src", script="train.py", arguments=["--data", "DatasetConsumptionConfig:numbers"]
)
config.run_config.environment = env
config.run_config.target = "cpu"
config.run_config.data = {
    "numbers": Data(data_location=DataLocation(dataset=RunDataset(dataset_id=dataset.id)), mechanism="mount")
}
run = Experiment(ws, "trials").submit(config)
""",
            """\
from azure.ai.ml import Input, MLClient, command
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
dataset = ml_client.data.get("numbers", label="latest")
config = command(
    code="src",
    command="python train.py --data ${{inputs.numbers}}",
    inputs={"numbers": Input(type="uri_folder", path=dataset.id, mode="ro_mount")},
    environment=env,
    compute="cpu",
)
run = ml_client.jobs.create_or_update(config, experiment_name="trials")
""",
        ),
    ],
)

_VARIABLE = "a script that reads its path from the variable {} finds it in AZURE_ML_INPUT_ and the name of the input"


@rule.converts("Data")
def data(use: Use, to: Rewriter) -> Outcome:
    """A dataset, by its id, with how it is read."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml", "Input"))
    given, mechanism = use.argument("data_location", position=0), use.argument("mechanism", position=2)
    said = to.evaluator.text(mechanism) if mechanism is not None else None
    owner = _dataset(given, to) if given is not None else None
    if owner is None or (mechanism is not None and said not in MODES):
        return Leave("describe the data with azure.ai.ml.Input(type=, path=, mode=)")
    variable = use.argument("environment_variable_name", position=3)
    review = _VARIABLE.format(to.lines.source(variable)) if variable is not None else ""
    found = follow(owner, to)
    mode = f', mode="{MODES[said]}"' if said in ("mount", "download") else ""
    kind = "uri_folder" if mode else "mltable"
    if found is not None:  # only files are mounted or downloaded
        files = bool(mode) and not lists_files(found, to)
        return Replace(input_code(replace(found, said=said or ""), to, kind if files else ""), review)
    return Replace(f'{to.need("azure.ai.ml", "Input")}(type="{kind}", path={to.source(owner)}.id{mode})', review)


def _dataset(location: ast.expr, to: Rewriter) -> ast.expr | None:
    """The dataset of ``DataLocation(dataset=Dataset(dataset_id=dataset.id))``."""
    place = _made(location, to)
    inner = place.argument("dataset", position=0) if place is not None and place.symbol == "DataLocation" else None
    made = _made(inner, to) if inner is not None else None
    number = made.argument("dataset_id", position=0) if made is not None and made.symbol == "Dataset" else None
    return number.value if isinstance(number, ast.Attribute) and number.attr == "id" else None


def _made(node: ast.expr, to: Rewriter) -> Use | None:
    origin = getattr(to.evaluator.value(node), "origin", None)
    return to.use_of(origin if origin is not None else node)


@rule.converts("Data.create")
def create(use: Use, to: Rewriter) -> Outcome:
    """What says how a job reads a dataset is an ``Input`` already."""
    given = use.argument("data", position=0)
    if given is None:
        return Leave("describe the data with azure.ai.ml.Input(type=, path=, mode=)")
    return Replace(to.source(given))


@rule.converts("DataLocation")
def location(use: Use, to: Rewriter) -> Outcome:
    """The dataset, which the input names."""
    inner = use.argument("dataset", position=0) if use.call is not None else None
    if use.is_assigned:
        to.spare.add(use.statement)
    if inner is None:
        return Leave("describe the data with azure.ai.ml.Input(type=, path=, mode=)")
    return Replace(to.source(inner))
