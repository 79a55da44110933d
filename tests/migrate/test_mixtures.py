"""Any mixture of v1 statements converts without an error, to Python, and only once."""

from __future__ import annotations

import ast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
import os
from azureml.core import Dataset, Datastore, Environment, Experiment, Run, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, StepSequence
from azureml.pipeline.steps import PythonScriptStep
from azureml.contrib.strange import Strange
"""
STATEMENTS = (
    "ws = Workspace.from_config()",
    "ws = Workspace('s', 'g', 'n')",
    "ds = ws.get_default_datastore()",
    "ds.upload(src_dir='data', target_path='t')",
    "data = Dataset.File.from_files((ds, 't/a'))",
    "data = Dataset.get_by_name(ws, name='d')",
    "data = data.register(ws, 'd')",
    "env = Environment('e')",
    "env.docker.base_image = 'x'",
    "env.python.conda_dependencies = CondaDependencies.create(pip_packages=['azureml-core'])",
    "rc = RunConfiguration()",
    "rc.environment = env",
    "rc.target = target",
    "target = ComputeTarget(ws, 'cpu')",
    "out = PipelineData('out')",
    "other = OutputFileDatasetConfig(destination=(ds, 'p'))",
    "n = PipelineParameter('n', 1)",
    "a = PythonScriptStep('a.py', arguments=['--o', out, n], outputs=[out], runconfig=rc, compute_target=target)",
    "b = PythonScriptStep('b.py', arguments=[out, data.as_named_input('d').as_mount()], inputs=[out], runconfig=rc)",
    "b.run_after(a)",
    "steps = [a, b]",
    "p = Pipeline(ws, steps=steps)",
    "p = Pipeline(workspace=ws, steps=StepSequence([a, b]))",
    "p.validate()",
    "config = ScriptRunConfig('.', script='t.py', arguments=[1, x], run_config=rc)",
    "exp = Experiment(ws, 'e')",
    "run = exp.submit(p)",
    "run = exp.submit(config=config, tags={'a': f'{ws.name}'})",
    "run.wait_for_completion(show_output=True)",
    "print(f'{run.id} {run.get_metrics()} {ws.name}', run.get_status())",
    "Strange(run, env).show()",
    "me = Run.get_context(); me.log('a', 1)",
    "print(ws.datasets, ws.compute_targets['x'])",
    "run = None  # nothing yet",
)
INDENTED = ("if x:", "for i in y:", "def f(ws, run):", "with z:", "class C:\n    def g(self):")


@st.composite
def modules(draw: st.DrawFn) -> str:
    lines = [HEAD]
    for _ in range(draw(st.integers(1, 14))):
        statement = draw(st.sampled_from(STATEMENTS))
        head = draw(st.sampled_from((*["" for _ in range(8)], *INDENTED)))
        indent = "        " if "class" in head else "    "
        lines.append(f"{head}\n{indent}{statement}" if head else statement)
    return "\n".join(lines) + "\n"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(modules())
def test_any_mixture_converts_once(text: str) -> None:
    ast.parse(convert(text).text)


def test_what_is_assigned_to_an_object_that_stays_is_found_again() -> None:
    text = convert(
        """\
from azureml.core import Workspace
from azureml.core.compute import ComputeTarget
from azureml.core.runconfig import RunConfiguration

ws = Workspace.from_config()
cpu = ComputeTarget(workspace=ws, name="cpu")
print(cpu.name)
config = RunConfiguration()
config.target = cpu
unknown(config.frobnicate(1))
"""
    ).text
    assert 'cpu = ml_client.compute.get("cpu")' in text
    assert "config.target = ComputeTarget(ws, cpu.name)" in text


def test_what_a_variable_held_before_keeps_nothing() -> None:
    text = convert(
        """\
import azureml.dataprep as dprep
from azureml.core import Workspace
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
data = DataReference(datastore=store, data_reference_name="a", path_on_datastore="a")
flow = dprep.read_csv(data)
data = DataReference(datastore=store, data_reference_name="b", path_on_datastore="b.csv")
step = PythonScriptStep("x.py", arguments=["--data", data], inputs=[data], compute_target="cpu", source_directory="src")
pipeline = Pipeline(workspace=ws, steps=[step])
"""
    ).text
    assert "flow = dprep.read_csv(data)" in text and "def pipeline():" in text
    assert 'data = Input(type="uri_file", path="azureml://datastores/workspaceblobstore/paths/b.csv")' in " ".join(
        text.replace("(\n    ", "(").replace("\n)", ")").split("\n    ")
    )


def test_a_variable_holds_objects_of_one_sdk_in_all_branches() -> None:
    text = convert(
        """\
from azureml.core import Model, Workspace
from azureml.core.webservice import AksWebservice

ws = Workspace.from_config()
try:
    service = AksWebservice(ws, "service")
    service.frobnicate("v1")
except Exception:
    service = Model.deploy(ws, "service", [Model(ws, "m")], config)
print(service.scoring_uri)
"""
    ).text
    assert 'service = AksWebservice(ws, "service")' in text and 'service = Model.deploy(ws, "service"' in text


def test_what_one_branch_has_left_v1_is_asked_as_v1_after_the_branches() -> None:
    conversion = convert(
        """\
        from azureml.core import Workspace
        from azureml.core.compute import AmlCompute, ComputeTarget

        ws = Workspace.from_config()
        if name not in ws.compute_targets:
            target = ComputeTarget.create(ws, name, configuration)  # amlbridge: ignore
        else:
            target = ws.compute_targets[name]
        print(target.provisioning_state)
        """
    )
    assert "ComputeTarget(ws, target.name).provisioning_state" in conversion.text


def test_a_variable_that_may_hold_none_is_looked_up_where_it_holds_something() -> None:
    text = convert(
        """\
from azureml.core import Model, Workspace
from azureml.core.compute import AksCompute

ws = Workspace.from_config()
target = None
if wanted:
    target = AksCompute(ws, "aks")
Model.package(ws, [m], target=target)
"""
    ).text
    assert "target=(ComputeTarget(ws, target.name) if target else None)" in text


def test_a_workspace_that_one_branch_makes_with_sdk_v1_is_of_sdk_v1_in_all() -> None:
    text = convert(
        """\
from azureml.core import Workspace
from azureml.exceptions import ProjectSystemException, WorkspaceException


def get_or_create(name):
    try:
        workspace = Workspace.get(name, subscription_id="s", resource_group="g")
    except (WorkspaceException, ProjectSystemException):
        workspace = Workspace.create(name)  # amlbridge: ignore
    return workspace
"""
    ).text
    assert 'workspace = Workspace.get(name, subscription_id="s", resource_group="g")' in text
    assert "except (WorkspaceException, ProjectSystemException):" in text and "MLClient" not in text


def test_what_only_a_client_has_is_asked_of_a_client() -> None:
    text = convert(
        """\
from azure.ai.ml import MLClient
from azureml.core import Workspace


def connect(old):
    if old:
        client = Workspace.from_config()
    client = MLClient.from_config(credential=None)
    return client


def cluster(ws, name):
    ws = connect(False)
    return ws.compute.get(name)
"""
    ).text
    assert "TODO" not in text and "return ws.compute.get(name)" in text


def test_a_client_that_nothing_reads_is_not_made() -> None:
    code = """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
pipeline = Pipeline(ws, steps=[PythonScriptStep()])
"""
    found = convert(code)
    assert "MLClient" not in found.text and "ws = Workspace.from_config()" in found.text
    assert {finding.status for finding in found.findings} == {Status.MANUAL}


def test_what_a_call_that_stays_takes_in_a_dict_or_a_list_stays() -> None:
    code = """\
from azureml.core import Dataset, Datastore, Workspace
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
kwargs = {"workspace": ws, "name": "n"}
rows = Dataset.Tabular.from_sql_query(query)
rows.register(**kwargs)


def mount(name):
    return Datastore.get(ws, name).path("p").as_mount()


def prepare(mounts):
    words = ["--a", mounts[0]]
    return PythonScriptStep(arguments=words, inputs=mounts)


first = mount("a")
prepare([first])
"""
    text = convert(code).text
    assert 'kwargs = {"workspace": ws, "name": "n"}' in text
    assert '.path("p").as_mount()' in text and "Input(" not in text


def test_classes_in_annotations_and_in_isinstance_are_those_of_the_objects() -> None:
    code = """\
from typing import List

from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep


def pipe(ws, steps: List[PythonScriptStep]) -> Pipeline:
    if isinstance(steps[0], PythonScriptStep):
        print("one")
    return Pipeline(workspace=ws, steps=steps)
"""
    text = convert(code).text
    assert "steps: List[PythonScriptStep]) -> Pipeline:" in text and "isinstance(steps[0], PythonScriptStep)" in text


def test_lists_of_one_variable_hold_objects_of_one_sdk_in_all_branches() -> None:
    found = convert(
        """\
from azureml.contrib.strange import Strange
from azureml.core import Model, Workspace


def pick(ws, name, version):
    if version == "latest":
        models = [model for model in Model.list(ws, name=name, latest=True)]
    else:
        models = [model for model in Model.list(ws, name=name) if str(model.version) == version]
    return models[0]


ws = Workspace.from_config()
Strange(pick(ws, "a", "latest"))
"""
    )
    assert "ml_client" not in found.text and found.text.count("Model.list(ws, name=name") == 2
