"""Shared memory, arguments of Docker and limits of time, wherever a run configuration says them."""

from __future__ import annotations

import ast
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.migrate.rules.support import check_noop, convert

HEAD = (
    "from azureml.core import Experiment, RunConfiguration, ScriptRunConfig, Workspace\n"
    "from azureml.core.runconfig import DockerConfiguration\n\n"
    "ws = Workspace.from_config()\n"
)
SUBMIT = 'Experiment(ws, "e").submit(src)\n'
DOCKER = 'DockerConfiguration(True, arguments=["--ipc=host", "-e", "A=b c"], shm_size="2gb")'


def keywords(text: str, function: str = "command") -> dict[str, object]:
    """The keywords of the first call of a function that are literals."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    found = next(call for call in calls if ast.unparse(call.func).split(".")[-1] == function)
    return {k.arg or "": k.value.value for k in found.keywords if isinstance(k.value, ast.Constant)}


@pytest.mark.parametrize(
    "code",
    [
        f'src = ScriptRunConfig("src", "train.py", docker_runtime_config={DOCKER}, max_run_duration_seconds=60)\n',
        f'src = ScriptRunConfig("src", "train.py")\nsrc.run_config.docker = {DOCKER}\n'
        "src.run_config.max_run_duration_seconds = 60\n",
        f"config = RunConfiguration()\nconfig.docker = {DOCKER}\nconfig.max_run_duration_seconds = 60\n"
        'src = ScriptRunConfig("src", "train.py", run_config=config)\n',
        'src = ScriptRunConfig("src", "train.py")\nsrc.run_config.docker.use_docker = True\n'
        'src.run_config.docker.shm_size = "2g"\n'
        'src.run_config.docker.arguments = ["--ipc=host", "-e", "A=b c"]\n'
        "src.run_config.max_run_duration_seconds = 60\n",
    ],
)
def test_the_command_has_what_its_configuration_says(code: str) -> None:
    text = convert(HEAD + code + SUBMIT).text
    found = keywords(text)
    assert (found["shm_size"], found["docker_args"], found["timeout"]) == ("2g", "--ipc=host -e 'A=b c'", 60)
    assert "azureml" not in text.replace("azureml-mlflow", "").replace("azureml/openmpi", "")
    check_noop(text)


def test_a_command_that_changes_in_a_branch_is_given_them_there() -> None:
    code = f'src = ScriptRunConfig("src", "train.py")\nif long:\n    src.run_config.docker = {DOCKER}\n'
    text = convert(HEAD + code + "    src.run_config.max_run_duration_seconds = 60\n" + SUBMIT).text
    assert keywords(text, "set_resources") == {"shm_size": "2g", "docker_args": "--ipc=host -e 'A=b c'"}
    assert keywords(text, "set_limits") == {"timeout": 60}
    assert not {"shm_size", "docker_args", "timeout"} & keywords(text).keys()


def test_arguments_that_are_known_only_at_run_time_are_joined_there() -> None:
    code = 'src = ScriptRunConfig("src", "train.py", docker_runtime_config=DockerConfiguration(arguments=words))\n'
    assert 'docker_args=" ".join(words)' in convert(HEAD + code + SUBMIT).text


def test_a_step_has_the_memory_and_the_arguments_but_no_limit() -> None:
    text = convert(
        HEAD.replace("import Experiment", "import Environment, Experiment")
        + "from azureml.pipeline.core import Pipeline\nfrom azureml.pipeline.steps import PythonScriptStep\n"
        f"config = RunConfiguration()\nconfig.docker = {DOCKER}\nconfig.max_run_duration_seconds = 60\n"
        'step = PythonScriptStep("train.py", compute_target="cpu", source_directory="src", runconfig=config)\n'
        "pipeline = Pipeline(ws, [step])\n"
    ).text
    found = keywords(text)
    assert (found["shm_size"], found["docker_args"]) == ("2g", "--ipc=host -e 'A=b c'") and "timeout" not in found


@given(st.lists(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1), min_size=1, max_size=4))
def test_every_word_arrives_as_it_was(words: list[str]) -> None:
    given = f"docker_runtime_config=DockerConfiguration(arguments={words!r})"
    text = convert(HEAD + f'src = ScriptRunConfig("src", "train.py", {given})\n' + SUBMIT).text
    assert shlex.split(str(keywords(text)["docker_args"])) == words
