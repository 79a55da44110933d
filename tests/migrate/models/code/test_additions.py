"""What code adds to the lists of arguments, inputs and outputs is not lost."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.project.test_exchange import flat
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Dataset, Workspace
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
data = Dataset.get_by_name(ws, "data")
out = PipelineData("out")
"""
STEP = """\
a = PythonScriptStep("a.py", name="a", arguments=words, outputs=[out], compute_target="cpu", runconfig=env)
b = PythonScriptStep("b.py", name="b", arguments=["--in", out], inputs=[out], compute_target="cpu", runconfig=env)
pipeline = Pipeline(ws, steps=[a, b])
"""


@pytest.mark.parametrize(
    "added",
    [
        'words.append("--data")\nwords.append(data.as_named_input("x").as_mount())\nwords.append("--out")\n'
        "words.append(out)\n",
        'words += ["--data", data.as_named_input("x").as_mount()]\nwords.extend(["--out", out])\n',
    ],
)
def test_additions_are_arguments_and_go(added: str) -> None:
    text = flat(convert(f'{HEAD}words = ["--first", 1]\n{added}{STEP}').text)
    assert 'command="python a.py --first 1 --data ${{inputs.x}} --out ${{outputs.out}}"' in text
    assert "a = a_component(x=Input(" in text and "b = b_component(in_=a.outputs.out)" in text
    assert "words" not in text


@pytest.mark.parametrize("added", ["words.append(out)", "words += [out]"])
def test_a_list_that_is_used_otherwise_as_well_stays(added: str) -> None:
    text = convert(f'{HEAD}words = ["--out"]\n{added}\nprint(words)\n{STEP}').text
    assert f"{added}\nprint(words)\n" in text and 'out = PipelineData("out")' in text


def test_words_of_a_loop_are_joined_when_the_script_runs() -> None:
    text = convert(f'{HEAD}words = ["--out", "x"]\nfor more in MORE:\n    words.append(more)\n{STEP}').text
    assert 'command="python a.py " + shlex.join(map(str, words))' in flat(text)
    assert "    words.append(more)\n" in text


@pytest.mark.parametrize("added", ["for more in MORE:\n    words.append(out)\n", "if MORE:\n    words += [out]\n"])
def test_data_of_a_loop_or_a_branch_keeps_its_step(added: str) -> None:
    conversion = convert(f"{HEAD}words = []\n{added}{STEP}")
    assert "a = PythonScriptStep(" in conversion.text and 'out = PipelineData("out")' in conversion.text
    assert any("put together at run time" in finding.message for finding in conversion.findings)


def test_data_in_the_list_of_a_step_that_stays_is_of_sdk_v1() -> None:
    text = f"""{HEAD}words = ["--data"]
words.append(data.as_named_input("x"))
for more in MORE:
    words.append(more)
{STEP}"""
    conversion = convert(text)
    assert "words.append(Dataset.get_by_name(" in conversion.text
    assert Status.MANUAL in {finding.status for finding in conversion.findings}


def test_each_step_has_the_list_that_its_variable_held() -> None:
    text = f"""{HEAD}words = ["--one"]
words.append(1)
a = PythonScriptStep("a.py", name="a", arguments=words, compute_target="cpu", runconfig=env)
words = ["--two"]
words.append(2)
b = PythonScriptStep("b.py", name="b", arguments=words, compute_target="cpu", runconfig=env)
pipeline = Pipeline(ws, steps=[a, b])
"""
    after = convert(text).text
    assert '"python a.py --one 1"' in after and '"python b.py --two 2"' in after and "words" not in after


@pytest.mark.parametrize(
    ("made", "added"),
    [
        ("def words(n):\n    found = []\n    for i in range(n):\n        found.append(i)\n    return found\n", ""),
        ("def words(n):\n    found = ['--n']\n    found += [n]\n    return found\n", ""),
        ("listed = []\nlisted.append(5)\n\n\ndef words(n):\n    return listed\n", ""),
        ("listed = ['--n']\n\n\ndef words(n):\n    return listed\n", "listed.extend([5])\n"),
    ],
)
def test_a_list_that_a_function_gives_has_what_was_added_to_it(made: str, added: str) -> None:
    head = "from azureml.core import ScriptRunConfig\n\n\n"
    last = 'source = ScriptRunConfig(source_directory=".", script="train.py", arguments=given)\n'
    text = convert(f"{head}{made}\n\n{added}given = words(3)\n{last}").text
    assert 'command="python train.py " + shlex.join(map(str, given))' in text
