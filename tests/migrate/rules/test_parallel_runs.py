"""Parallel steps become parallel components."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.findings import FileReport, Status
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.project.test_exchange import flat
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Dataset, Workspace
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep, PythonScriptStep
ws = Workspace.from_config()
images = Dataset.File.from_files((ws.get_default_datastore(), "images"))
labels = Dataset.File.from_files((ws.get_default_datastore(), "labels"))
rows = Dataset.Tabular.from_delimited_files((ws.get_default_datastore(), "rows/all.csv"))
scores = PipelineData("scores")
"""
BASE = "environment=env, entry_script='score.py', source_directory='src', compute_target='cpu', node_count=2"


def converted(
    config: str = "",
    step: str = "inputs=[images.as_named_input('images')], output=scores",
    size: str = "",
) -> str:
    """What a pipeline with one parallel step becomes."""
    given = f"{BASE}, error_threshold=1, output_action='append_row'" if "output_action" not in config else BASE
    text = f"""{HEAD}{size}
config = ParallelRunConfig({given}{config})
score = ParallelRunStep("score", config, {step})
pipeline = Pipeline(ws, [score])
"""
    found = convert(text).text
    assert not check_generated(found)
    return found


@pytest.mark.parametrize(
    ("config", "after"),
    [
        ("", 'mini_batch_size="10"'),
        (", partition_keys=['a', 'b']", 'partition_keys=["a", "b"]'),
        (", mini_batch_size='3', process_count_per_node=P", "max_concurrency_per_instance=P"),
        (", mini_batch_size='1KB'", 'mini_batch_size="1KB"'),
        (", mini_batch_size=3", 'mini_batch_size="3"'),  # the client takes no numbers
        (", mini_batch_size=SIZE", "mini_batch_size=str(SIZE)"),
        (", run_max_try=TRIES", '"max_retries": TRIES - 1'),
        (", allowed_failed_count=4", "mini_batch_error_threshold=4"),
        (", allowed_failed_percent=50", 'program_arguments="--allowed_failed_percent 50"'),
        (", logging_level='DEBUG'", 'logging_level="DEBUG"'),
        (", environment_variables={'A': '1'}", 'environment_variables={"A": "1"}'),
    ],
)
def test_settings(config: str, after: str) -> None:
    found = converted(config)
    assert after.replace('"', "'") in found.replace('"', "'")
    assert ("mini_batch_size" in found) is ("partition_keys" not in config)


LISTED = 'Dataset.File.from_files((ws.get_default_datastore(), "images/**/*.png"))'


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        ("listed.as_named_input('images')", "eval_mount"),
        ("listed.as_named_input('images').as_mount()", "eval_mount"),
        ("listed.as_named_input('images').as_download()", "eval_download"),
        ("DatasetConsumptionConfig('images', PipelineParameter('data', listed))", "eval_mount"),
        ("rows.as_named_input('images')", "direct"),
    ],
)
def test_files_that_a_table_lists_are_split_as_files(given: str, mode: str) -> None:
    head = "from azureml.data.dataset_consumption_config import DatasetConsumptionConfig\n"
    found = converted("", f"inputs=[{given}], output=scores", f"{head}listed = {LISTED}\n")
    assert f'{{"images": Input(type="mltable", mode="{mode}")}}' in found
    assert ('mini_batch_size="10"' in found) is (mode != "direct")


def test_files_that_a_table_lists_are_split_by_their_partitions_as_a_table() -> None:
    found = converted(
        ", partition_keys=['a']", "inputs=[listed.as_named_input('i')], output=scores", f"listed = {LISTED}\n"
    )
    assert 'Input(type="mltable", mode="direct")' in found


@pytest.mark.parametrize(
    ("given", "name"), [(", append_row_file_name='rows.txt'", "rows.txt"), ("", "parallel_run_step.txt")]
)
def test_a_setting_that_is_read_is_what_was_given(given: str, name: str) -> None:
    text = f"""{HEAD}
config = ParallelRunConfig({BASE}, error_threshold=1, output_action='append_row'{given})
score = ParallelRunStep("score", config, inputs=[images.as_named_input("images")], output=scores)
pipeline = Pipeline(ws, [score])
print(config.append_row_file_name)
"""
    found = convert(text)
    assert f"print('{name}')" in found.text.replace('"', "'") and "azureml.core" not in found.text


def test_a_summary_has_no_rows() -> None:
    found = converted(", output_action='summary_only', error_threshold=1")
    assert "append_row_to" not in found and 'outputs={"scores"' in found


def test_side_inputs_and_the_output_among_the_arguments() -> None:
    step = """inputs=[images.as_named_input('images')], output=scores, side_inputs=[labels.as_named_input('labels')],
        arguments=['--labels', labels.as_named_input('labels'), '--out', scores]"""
    found = converted(step=step)
    assert "${{inputs.labels}}" in found and 'append_row_to="${{outputs.out}}"' in found
    assert 'input_data="${{inputs.images}}"' in found


def test_a_table_is_an_mltable() -> None:
    found = converted(step="inputs=[rows.as_named_input('rows')], output=scores")
    assert 'type="mltable"' in found and ".save(" in found and "mini_batch_size" not in found


def test_a_parameter_of_the_pipeline_gives_its_default() -> None:
    found = converted(", mini_batch_size=size", size="size = PipelineParameter('size', default_value='7')")
    assert 'mini_batch_size="7"' in found


def test_a_parameter_that_no_step_has_any_more_is_not_given() -> None:
    size = 'size = PipelineParameter("size", default_value="5")'
    text = f"""{HEAD}{size}
config = ParallelRunConfig({BASE}, error_threshold=1, output_action='append_row', mini_batch_size=size)
score = ParallelRunStep("score", config, inputs=[images.as_named_input("images")], output=scores)
pipeline = Pipeline(ws, [score])
run = pipeline.submit("e", pipeline_parameters={{"size": "7"}})
"""
    assert 'run = ml_client.jobs.create_or_update(pipeline(), experiment_name="e")' in convert(text).text


def test_several_inputs_are_refused() -> None:
    text = f"""{HEAD}
config = ParallelRunConfig({BASE}, error_threshold=1, output_action='append_row')
score = ParallelRunStep("score", config, inputs=[images.as_named_input("a"), labels.as_named_input("b")], output=scores)
pipeline = Pipeline(ws, [score])
"""
    found = convert(text)
    assert "SDK v2 splits one input" in found.text and "ParallelRunConfig(" in found.text
    assert Status.MANUAL in {finding.status for finding in found.findings}


def test_the_rows_feed_the_next_step_and_order_without_data_holds() -> None:
    text = f"""{HEAD}
config = ParallelRunConfig({BASE}, error_threshold=1, output_action='append_row')
first = PythonScriptStep("first.py", name="first", compute_target="cpu", runconfig=env)
score = ParallelRunStep("score", config, inputs=[images.as_named_input("images")], output=scores)
report = PythonScriptStep("report.py", arguments=["--scores", scores], inputs=[scores], compute_target="cpu",
                          runconfig=env)
last = PythonScriptStep("last.py", name="last", compute_target="cpu", runconfig=env)
score.run_after(first)
last.run_after(score)
pipeline = Pipeline(ws, [first, score, report, last])
"""
    found = convert(text).text
    assert "report = report_component(scores=score.outputs.scores)" in found
    assert "after_first=first.outputs.order_token" in found
    assert "last = last_component(after_score=score.outputs.scores)" in found
    assert not check_generated(found)


FUNCTIONS = """\
from typing import Tuple
from azureml.core import Dataset, Datastore, RunConfiguration, Workspace
from azureml.core.compute import ComputeTarget
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep, PythonScriptStep

def get_rows(ws: Workspace) -> Dataset:
    rows = Dataset.Tabular.from_delimited_files((ws.get_default_datastore(), "rows/all.csv"))
    return rows.register(ws, "rows").as_named_input("rows")

def get_scores(ws: Workspace, store: Datastore = None) -> PipelineData:
    if store is None:
        scores = PipelineData("scores", datastore=ws.get_default_datastore())
    else:
        scores = PipelineData(store.name, datastore=store)
    return scores

def get_configs(target: ComputeTarget, env) -> Tuple[ParallelRunConfig, RunConfiguration]:
    score = ParallelRunConfig(entry_script="score.py", source_directory="src", compute_target=target, node_count=2,
        error_threshold=10, output_action="append_row", environment=env, run_max_try=3)
    copy = RunConfiguration()
    copy.environment = env
    return (score, copy)

def get_pipeline(rows: Dataset, scores: PipelineData, config: ParallelRunConfig, copy: RunConfiguration, ws: Workspace):
    factor = PipelineParameter("factor", default_value=2)
    score = ParallelRunStep(name="score", inputs=[rows], output=scores, arguments=["--factor", factor],
        parallel_run_config=config)
    copying = PythonScriptStep("copy.py", arguments=["--scores", scores], inputs=[scores], compute_target="cpu",
        runconfig=copy)
    return Pipeline(workspace=ws, steps=[score, copying])

ws = Workspace.from_config()
target = ComputeTarget(ws, "cpu")
config, copy = get_configs(target, "scoring@latest")
pipeline = get_pipeline(get_rows(ws), get_scores(ws, ws.datastores["scores"]), config, copy, ws)
"""


def test_functions_hand_on_configuration_data_and_output() -> None:
    conversion = convert(FUNCTIONS)
    text = conversion.text
    assert "azureml." not in text and not check_generated(text)
    assert 'score = { "compute": target.name, "instance_count": 2, "error_threshold": 10, ' in flat(text)
    assert '"task": RunFunction(code="src", entry_script="score.py", environment=env' in flat(text)
    assert "-> Tuple[dict, Environment]:" in text and "config: dict," in text
    assert 'config["task"].append_row_to = "${{outputs.scores}}"' in text and "**config)" in flat(text)
    assert 'outputs={"scores": scores}' in text and "scores: Output," in text
    assert 'scores = Output(type="uri_folder")' in text
    assert "azureml://datastores/{store.name}/paths/azureml/${{{{name}}}}/${{{{output_name}}}}/" in text
    assert 'inputs={ "factor": Input(type="integer"), "rows": Input(type="mltable", mode="direct"), }' in flat(text)
    assert "mini_batch_size" not in text  # a table: the default is right
    assert "score_component(factor=factor, rows=rows)" in flat(text)
    assert "copying_component(scores=score.outputs.scores)" in flat(text)


def test_data_that_no_step_of_the_module_writes_stays_in_all_branches() -> None:
    text = FUNCTIONS[: FUNCTIONS.index("def get_configs")]
    assert convert(text).text.count("= PipelineData(") == 2


SETTINGS = """\
parallel_run_config:
  input_format:
  mini_batch_size: 5
  error_threshold: 0
  output_action: append_row
  compute_target_name: cpu-cluster
  node_count: 2
  entry_script: score.py
  source_directory: src
  run_max_try: 3
  append_row_file_name: rows.txt
  environment_name: scoring
"""
LOADED = (
    HEAD
    + """\
config = ParallelRunConfig.load_yaml(ws, path="settings.yml")
score = ParallelRunStep("score", config, inputs=[images.as_named_input("images")], output=scores)
pipeline = Pipeline(ws, [score])
"""
)


def loaded(folder: Path, settings: str) -> FileReport:
    """What becomes of a pipeline whose settings are in a file."""
    (folder / "settings.yml").write_text(settings)
    (folder / "pipeline.py").write_text(LOADED)
    return next(report for report in run([folder], Settings()) if report.path.name == "pipeline.py")


def test_settings_of_a_file(tmp_path: Path) -> None:
    report = loaded(tmp_path, SETTINGS)
    after = flat(report.after.decode())
    assert {finding.status for finding in report.findings} <= {Status.CONVERTED, Status.REVIEW}
    assert not check_generated(report.after.decode())
    assert 'compute="cpu-cluster", instance_count=2, mini_batch_size="5", error_threshold=0' in after
    assert 'retry_settings={"max_retries": 2}' in after
    assert 'task=RunFunction( code="src", entry_script="score.py"' in after.replace(
        "RunFunction(code", "RunFunction( code"
    )
    assert '"--append_row_file_name rows.txt"' in after and 'environment="scoring@latest"' in after


@pytest.mark.parametrize(
    "settings",
    ["a: [", "parallel_run_config: 1", SETTINGS.replace("environment_name: scoring", "environment: {name: x}")],
)
def test_settings_that_cannot_be_taken_from_the_file(tmp_path: Path, settings: str) -> None:
    report = loaded(tmp_path, settings)
    assert b"ParallelRunConfig.load_yaml(" in report.after and b"parallel_run_function" not in report.after.replace(
        b"keywords of parallel_run_function", b""
    )
    assert any("in a YAML file" in finding.message for finding in report.findings)
