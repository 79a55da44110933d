"""Variables that get another value between a step and its pipeline: each step keeps the value that it was given."""

from __future__ import annotations

from pathlib import Path

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.module import ModuleText, Options
from amlbridge.migrate.project.modules import build_project

HEAD = """\
from azureml.core import Dataset, Environment, Experiment, RunConfiguration, Workspace
from azureml.core.compute import ComputeTarget
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
config = RunConfiguration()
config.environment = Environment.get(ws, "press")
"""
PIPELINE = 'run = Experiment(ws, "x").submit(Pipeline(ws, [first, second]))\n'


def step(variable: str, arguments: str, compute: str = '"cpu"') -> str:
    return (
        f'{variable} = PythonScriptStep(name="{variable}", script_name="step.py", source_directory="steps", '
        f"arguments={arguments}, compute_target={compute}, runconfig=config)\n"
    )


def convert(folder: Path, code: str) -> str:
    """The converted text in words that one blank separates; a second conversion changes nothing."""
    (folder / "steps").mkdir()
    (folder / "steps" / "step.py").write_text("print()\n")
    text = HEAD + code + PIPELINE
    for _ in range(2):
        module = ModuleText(folder / "pipeline.py", text)
        before, text = text, convert_module(module, build_project([module], Options(), [folder]), Options()).text
    assert text == before and "azureml.core" not in text
    return " ".join(text.split())


def test_a_literal_is_written_where_it_was_read(tmp_path: Path) -> None:
    one, two = step("first", '["--kind", kind]'), step("second", '["--kind", kind]')
    text = convert(tmp_path, f'kind = "red"\n{one}kind = "white"\n{two}')
    assert 'first = first_component(kind="red") second = second_component(kind=kind)' in text


def test_what_only_the_running_code_knows_has_a_variable(tmp_path: Path) -> None:
    mounted = '["--data", data.as_named_input("data").as_mount()]'
    one, two = step("first", mounted, "target"), step("second", mounted, "target")
    text = convert(
        tmp_path,
        f'data = Dataset.get_by_name(ws, "a")\ntarget = ComputeTarget(ws, "cpu")\n{one}'
        f'data = Dataset.get_by_name(ws, "b")\ntarget = ComputeTarget(ws, "gpu")\n{two}',
    )
    assert 'component.yml") first_target = target first_data = data data =' in text
    assert "path=first_data.id" in text and "path=data.id" in text and "@dsl.pipeline()" in text
    assert "first.compute = first_target.name" in text and "second.compute = target.name" in text


def test_a_variable_that_is_read_above_the_step_is_kept_there(tmp_path: Path) -> None:
    text = convert(
        tmp_path,
        'data = Dataset.get_by_name(ws, "a")\nred = data.as_named_input("data").as_mount()\n'
        'data = Dataset.get_by_name(ws, "b")\nwhite = data.as_named_input("data").as_mount()\n'
        + step("first", '["--data", red]')
        + step("second", '["--data", white]'),
    )
    assert 'ml_client.data.get("a", label="latest") first_data = data data = ml_client.data.get("b"' in text
    assert "path=first_data.id" in text and "path=data.id" in text


def test_variables_that_keep_their_value_are_read_as_they_are(tmp_path: Path) -> None:
    one, two = step("first", '["--kind", kind]'), step("second", '["--kind", kind]')
    text = convert(tmp_path, f"kind = input()\n{one}{two}rest = 1\n")
    assert "first_component(kind=kind) second = second_component(kind=kind)" in text and "first_kind" not in text


def test_the_function_runs_where_the_pipeline_is_submitted(tmp_path: Path) -> None:
    one, two = step("first", '["--kind", kind]'), step("second", '["--kind", "white"]')
    made = f"{one}{two}pipeline = Pipeline(ws, [first, second])\n"
    text = convert(tmp_path, f'kind = input()\n{made}kind = "rose"\nExperiment(ws, "y").submit(pipeline)\n')
    assert "first_kind = kind" in text and "first_component(kind=first_kind)" in text
