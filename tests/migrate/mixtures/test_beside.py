"""Clients beside workspaces that stay SDK v1."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

_CODE = """\
from azureml.core import Datastore, Workspace
from azureml.pipeline.core import Pipeline


def connect(name){annotation}:
    return Workspace.get(name=name, subscription_id="s", resource_group="g")


ws = connect("wine")
store = Datastore.get(ws, "cellar")
pipeline = Pipeline.load_yaml(ws, "pipeline.yml")
"""


@pytest.mark.parametrize("annotation", ["", " -> Workspace"])
def test_a_function_gives_the_workspace_that_the_code_around_needs(annotation: str) -> None:
    """What it returns is decided together with the variable that gets it, also where it says which type that is."""
    text = convert(_CODE.format(annotation=annotation)).text
    assert "return Workspace.get(" in text and "ws.subscription_id, ws.resource_group, ws.name" in text
    assert "store = ml_client.datastores.get(" in text


def test_what_stays_has_a_datastore_of_sdk_v1_in_each_branch() -> None:
    text = convert(
        """\
from azureml.core import Datastore, Workspace
from azureml.train.estimator import Estimator

ws = Workspace.from_config()
try:
    store = Datastore.register_azure_blob_container(ws, "cellar", "wine", account_name="grapes")
except Exception:
    store = Datastore(ws, "cellar")
settings = {"--in": store.as_download()}
out = ws.get_default_datastore().path("out").as_upload(path_on_compute="out")
job = Estimator(source_directory=".", entry_script="a.py", compute_target="c", script_params=settings, inputs=[out])
"""
    ).text
    assert "store = Datastore.register_azure_blob_container(" in text and "store = Datastore(ws" in text


@pytest.mark.parametrize("made", ["Workspace._find_or_make('a')", "Workspace._get_or_create('a', location='b')"])
def test_what_no_rule_knows_gives_no_client(made: str) -> None:
    text = convert(
        f"from azureml.core import Datastore, Workspace\n\nws = {made}\nstore = Datastore.get(ws, 'raw')\n"
    ).text
    assert "ws.datastores" not in text
    assert "ws.subscription_id, ws.resource_group, ws.name" in text


def test_a_workspace_that_is_made_together_with_what_stays_keeps_its_name() -> None:
    text = convert(
        """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline

ws, files = Workspace.from_config(), Pipeline.unknown_member()
pipeline = Pipeline.load_yaml(ws, "pipeline.yml")
print(ws.name)
"""
    ).text
    assert "ws, files = " in text and 'Pipeline.load_yaml(ws, "pipeline.yml")' in text


@pytest.mark.parametrize(
    "parameters", ["ws: Workspace = None", "*, ws: Workspace = None", "name, ws: Workspace = None"]
)
def test_a_function_that_may_get_no_workspace_makes_no_client_then(parameters: str) -> None:
    text = convert(
        "from azureml.core import Dataset, Model, Workspace\n\n\n"
        f"def show({parameters}):\n    if ws:\n        Model.package(ws, [])\n"
        '        print(Dataset.get_by_name(ws, "a").version)\n'
    ).text
    flat = " ".join(text.split())
    assert "MLClient(" in flat and " if ws is not None else None" in flat
    assert 'print(ml_client.data.get("a", label="latest").version)' in text


def test_a_function_that_always_gets_a_workspace_always_makes_the_client() -> None:
    text = convert(
        "from azureml.core import Dataset, Model, Workspace\n\n\n"
        "def show(ws: Workspace, name=None):\n    Model.package(ws, [])\n"
        '    print(Dataset.get_by_name(ws, "a").version)\n'
    ).text
    assert "ml_client = MLClient(" in text and "is not None" not in text


def test_a_workspace_within_an_expression_that_stays_keeps_its_name() -> None:
    text = convert(
        "from azureml.core import LinkedService, Workspace\n\n"
        "if (ws := Workspace.from_config()) is not None:\n    print(LinkedService.get(ws, 'spark'))\n"
    ).text
    assert "if (ws := Workspace.from_config()) is not None:" in text and "LinkedService.get(ws, " in text


def test_a_workspace_that_is_assigned_with_others_stays_with_its_name() -> None:
    text = convert(
        "from azureml.core import Workspace\nfrom azureml.pipeline.core import Pipeline\n\n"
        'count, ws = 3, Workspace.from_config()\nprint(ws.get_default_datastore())\nPipeline.load_yaml(ws, "p.yml")\n'
    ).text
    assert "count, ws = 3, Workspace.from_config()\nml_client = MLClient(" in text and "load_yaml(ws, " in text


def test_there_is_no_client_of_a_variable_that_has_no_workspace_yet() -> None:
    text = convert(
        "from azureml.core import Workspace\nfrom azureml.pipeline.core import Pipeline\n\n\n"
        "def load():\n    ws = None\n    if ws is None:\n        ws = Workspace.from_config()\n"
        '    print(ws.get_default_datastore())\n    return Pipeline.load_yaml(ws, "p.yml")\n'
    ).text
    assert "    ws = None\n    ml_client = None\n    if ws is None:\n" in text
    assert "Workspace.from_config()\n        ml_client = MLClient(" in text and text.count("MLClient(") == 1


def test_a_workspace_is_made_once() -> None:
    """SDK v1 makes it where something needs the object: the client is that of the workspace that is there then."""
    text = convert(
        """\
from azureml.core import Datastore, Workspace
from azureml.pipeline.core import Pipeline

ws = Workspace.create(name="wine", subscription_id="s", resource_group="g", location="westeurope")
store = Datastore.get(ws, "cellar")
pipeline = Pipeline.load_yaml(ws, "pipeline.yml")
"""
    ).text
    assert text.count("create(") == 1 and "ws = Workspace.create(" in text
    assert "ml_client = MLClient(" in text and "store = ml_client.datastores.get(" in text


def test_objects_that_a_dict_has_below_any_key_stay_together() -> None:
    """A pipeline that stays SDK v1 takes one compute target of the dict as any other."""
    text = convert(
        """\
from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.exceptions import ComputeTargetException
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep


def computes(ws, names):
    found = {}
    for name in names:
        try:
            found[name] = ComputeTarget(workspace=ws, name=name)
        except ComputeTargetException:
            config = AmlCompute.provisioning_configuration(vm_size="STANDARD_DS3_V2", max_nodes=2)
            found[name] = ComputeTarget.create(ws, name, config)
    for name in names:
        found[name].wait_for_completion()
    return found


ws = Workspace.from_config()
steps = []
count = 0
targets = computes(ws, ["cpu", "gpu"])
for part in ["a", "b"]:
    step = PythonScriptStep(script_name="press.py", source_directory="src", compute_target=targets["cpu"])
    steps.append(step)
    count += 1
pipeline = Pipeline(workspace=ws, steps=steps)
print(count)
pipeline.publish("a")
"""
    ).text
    assert "found[name] = ComputeTarget.create(ws, name, config)" in text and "begin_create_or_update" not in text
    assert "except ComputeTargetException:" in text
