"""Spark: jobs and steps, their data and pools; what the real client says of them is in the slow test."""

from __future__ import annotations

import ast

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import ComputeTarget, HDInsightCompute
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.data import HDFSOutputDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep, SynapseSparkStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
files = Dataset.File.from_files((store, "in")).as_named_input("files").as_hdfs()
out = HDFSOutputDatasetConfig(destination=(store, "out")).register_on_complete(name="cleaned")
words = ["--in", files, "--out", out]
"""
STEPS = """\
rows = PipelineParameter("rows", default_value=5)
clean = SynapseSparkStep(
    name="clean", file="clean.py", source_directory="code", compute_target="pool", driver_memory="7g", driver_cores=4,
    executor_memory="8g", executor_cores=2, num_executors=3, arguments=[*words, "--rows", rows], outputs=[out],
)
train = PythonScriptStep("train.py", arguments=["--data", out.as_input("data").as_download()], compute_target="cpu")
check = PythonScriptStep("check.py", compute_target="cpu")
check.run_after(clean)
run = Pipeline(ws, [check, train]).submit("e")
"""


def call(text: str, name: str) -> dict[str, str]:
    """The keywords of the first call of a function in a text."""
    found = next(
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and ast.unparse(node.func) == name
    )
    return {str(key.arg): ast.unparse(key.value) for key in found.keywords}


def test_a_step_between_others() -> None:
    found = convert(HEAD + STEPS)
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}
    given = call(found.text, "spark")
    assert given["entry"] == "{'file': 'clean.py'}" and given["compute"] == "'pool'"
    sizes = {key: given[key] for key in given if key.startswith(("driver", "executor"))}
    assert sizes == {
        "driver_cores": "4",
        "driver_memory": "'7g'",
        "executor_cores": "2",
        "executor_memory": "'8g'",
        "executor_instances": "3",
    }
    assert given["args"] == "'--in ${{inputs.files}} --out ${{outputs.out}} --rows ${{inputs.rows}}'"
    assert "Input(type='uri_folder', mode='direct')" in given["inputs"] and "mode='direct'" in given["outputs"]
    assert "train = train_component(data=clean.outputs.out)" in found.text
    assert "check = check_component(after_clean=clean.outputs.out)" in found.text
    assert "words = " not in found.text


def test_a_job_whose_run_configuration_asks_for_spark() -> None:
    body = """\
config = RunConfiguration(framework="PySpark")
config.target = "pool"
config.spark.configuration["spark.driver.memory"] = "1g"
config.spark.configuration["spark.shuffle.partitions"] = 20
run = Experiment(ws, "e").submit(ScriptRunConfig("code", "clean.py", arguments=words, run_config=config))
"""
    found = convert(HEAD + body)
    assert {finding.status for finding in found.findings} == {Status.CONVERTED, Status.REVIEW}
    given = call(found.text, "spark")
    assert (given["driver_memory"], given["conf"]) == ("'1g'", "{'spark.shuffle.partitions': 20}")
    assert "environment" not in given and "Environment" not in found.text
    assert "mode='direct'" in given["inputs"] and "name='cleaned'" in given["outputs"]
    assert any("choose those that are assumed" in finding.message for finding in found.findings)


def test_a_cluster_of_hdinsight_becomes_serverless_spark() -> None:
    body = """\
attach = HDInsightCompute.attach_configuration(resource_id="/x", ssh_port=22, username="u", password="p")
hdi = ComputeTarget.attach(ws, "hdi", attach)
hdi.wait_for_completion(show_output=True)
config = RunConfiguration(framework="pyspark")
config.target = hdi.name
packages = CondaDependencies.create(conda_packages=["numpy"])
config.environment.python.conda_dependencies = packages
source = ScriptRunConfig("code", "clean.py", run_config=config)
"""
    found = convert(HEAD + body)
    given = call(found.text, "spark")
    assert "compute" not in given and "instance_type" in given["resources"]
    assert given["environment"] == "environment"
    assert "hdi" not in found.text


@pytest.mark.parametrize("call_of", ['ScriptRunConfig("code", command=["a"], run_config=config)'])
def test_a_command_is_none_of_spark(call_of: str) -> None:
    found = convert(f'{HEAD}config = RunConfiguration(framework="pyspark")\nsource = {call_of}\n')
    left = {finding.symbol: finding.message for finding in found.findings if finding.status is Status.MANUAL}
    assert "name the script" in left["ScriptRunConfig"]


def test_a_list_of_arguments_with_data_goes_with_the_data() -> None:
    body = 'step = PythonScriptStep("a.py", arguments=words, compute_target="cpu")\npipeline = Pipeline(ws, [step])\n'
    found = convert(HEAD + body)
    assert "words" not in found.text


def test_a_step_whose_run_configuration_asks_for_spark_and_names_no_pool() -> None:
    body = 'config = RunConfiguration(framework="pyspark")\nstep = PythonScriptStep("a.py", runconfig=config)\n'
    found = convert(HEAD + body + "pipeline = Pipeline(ws, [step])\n")
    given = call(found.text, "spark")
    assert given["entry"] == "{'file': 'a.py'}" and "compute" not in given and "resources" in given
