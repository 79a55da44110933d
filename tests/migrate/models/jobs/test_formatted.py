"""Words of a command that are put together around data."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.project.test_exchange import flat
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import CommandStep, PythonScriptStep

ws = Workspace.from_config()
clean = OutputFileDatasetConfig(name="clean")
clean = clean.register_on_complete(name="clean")
given = clean.as_input(name="given")
model = PipelineData("model")
"""


def command(text: str) -> str:
    """The command line that a step gets; nothing may be left."""
    step = f"p = Pipeline(ws, [{text.replace('MORE', 'compute_target=target, runconfig=env')}])\n"
    found = convert(HEAD + step)
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}, found.findings
    return flat(found.text)


@pytest.mark.parametrize(
    ("word", "after"),
    [
        ('f"folder={clean.arg_val}"', "folder=${{outputs.clean}}"),
        ('f"--out={clean.arg_val}"', "--out=${{outputs.out}}"),
        ('"folder={}".format(clean.arg_val)', "folder=${{outputs.clean}}"),
        ('"folder={x}".format(x=clean.arg_val)', "folder=${{outputs.clean}}"),
        ('"folder=" + clean.arg_val', "folder=${{outputs.clean}}"),
        ('f"{clean.arg_val}/a b"', "'${{outputs.clean}}/a b'"),
        ('f"{clean.arg_val}/{args.name}"', "${{outputs.clean}}/${{inputs.name}}"),
    ],
)
def test_a_word_with_data_in_it(word: str, after: str) -> None:
    text = command(f'PythonScriptStep("a.py", name="a", arguments=[{word}], outputs=[clean], MORE)')
    assert f'command="python a.py {after}"' in text


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ('f"python a.py --in {model} --n {args.n}"', "python a.py --in ${{inputs.in_}} --n ${{inputs.n}}"),
        ('[f"python a.py --in {model}", "--n", 3]', "python a.py --in ${{inputs.in_}} --n 3"),
        ('("python a.py " "x=1 " f"y={model}/m")', "python a.py x=1 y=${{inputs.model}}/m"),
    ],
)
def test_a_command_line_with_data_in_it(line: str, after: str) -> None:
    write = 'PythonScriptStep("w.py", name="w", arguments=["--m", model], outputs=[model], MORE)'
    text = command(f'{write}, CommandStep(command={line}, name="a", inputs=[model], MORE)')
    assert f'command="{after}"' in text and "=w.outputs.m" in text


def test_the_reading_side_is_bound_to_the_step_that_writes() -> None:
    write = 'CommandStep(command=f"python w.py out={clean.arg_val}", name="w", outputs=[clean], MORE)'
    read = 'PythonScriptStep("r.py", name="r", arguments=[f"in={given.arg_val}"], inputs=[given], MORE)'
    text = command(f"{write}, {read}")
    assert 'command="python w.py out=${{outputs.clean}}"' in text
    assert 'command="python r.py in=${{inputs.given}}"' in text
    assert "r = r_component(given=w.outputs.clean)" in text
    assert 'outputs={"clean": Output(type="uri_folder", name="clean")}' in text


def test_a_word_whose_form_is_said_stays_code() -> None:
    text = command(
        'PythonScriptStep("a.py", name="a", arguments=[f"{clean.arg_val}/{args.n:03d}"], outputs=[clean], MORE)'
    )
    assert "${{outputs.clean}}/${{inputs." in text and 'f"{args.n:03d}"' in text
