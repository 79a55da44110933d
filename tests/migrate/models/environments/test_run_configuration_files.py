"""Run configurations in files, which code loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.findings import UNCONVERTED
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

FILE = """\
script: train.py
arguments: [--rows, 3]
target: cpu
communicator: OpenMpi
nodeCount: 2
environment:
  environmentVariables: {A: '1', EXAMPLE_ENV_VAR: EXAMPLE_VALUE}
  python:
    userManagedDependencies: false
    condaDependenciesFile: conda.yml
  docker:
    baseImage: ubuntu:22.04
"""
HEAD = """\
import os
from azureml.core import RunConfiguration, ScriptRunConfig

"""


def _converted(folder: Path, text: str, files: dict[str, str]) -> tuple[str, list[str]]:
    """The text of ``code/main.py`` as it becomes, and why something of it is left."""
    for name, content in {**files, "code/main.py": HEAD + text}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (report,) = [found for found in run([folder], Settings()) if found.path.name == "main.py"]
    left = [finding.message for finding in report.findings if finding.status in UNCONVERTED]
    return report.after.decode(), left


@pytest.mark.parametrize(
    ("load", "place", "conda"),
    [
        ('RunConfiguration.load("own", "vm")', "own/.azureml/vm.runconfig", '"own/conda.yml"'),
        ('RunConfiguration.load(path="own", name="vm")', "own/aml_config/vm.runconfig", '"own/conda.yml"'),
        ('RunConfiguration().load(os.path.join("own", "vm.yml"))', "own/vm.yml", '"own/conda.yml"'),
        (
            'RunConfiguration.load(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../own/vm.yml"), "x")',
            "own/vm.yml",
            'os.path.join(os.path.dirname(os.path.abspath(__file__)),"../own/conda.yml")',
        ),
    ],
)
def test_its_settings_are_those_of_the_command(tmp_path: Path, load: str, place: str, conda: str) -> None:
    text, left = _converted(
        tmp_path,
        f'rc = {load}\nconfig = ScriptRunConfig("src", run_config=rc)\n',
        {place: FILE, "own/conda.yml": "dependencies: [numpy]\n"},
    )
    assert not left
    assert 'image="ubuntu:22.04"' in text and f"conda_file={conda}" in "".join(text.split()).replace(",)", ")")
    assert 'command="python train.py --rows 3"' in text and 'compute="cpu"' in text
    assert "instance_count=2" in text and "MpiDistribution(process_count_per_instance=1)" in text
    assert 'environment_variables={"A": "1"}' in text


def test_an_environment_in_a_file_beside_and_changes_in_code(tmp_path: Path) -> None:
    own = "python:\n  condaDependenciesFile: conda.yml\ndocker:\n  baseImage: ubuntu:22.04\n"
    text, left = _converted(
        tmp_path,
        'rc = RunConfiguration.load("own/vm.yml")\nrc.target = "gpu"\n'
        'config = ScriptRunConfig("src", "other.py", arguments=["--a"], run_config=rc)\n',
        {
            "own/vm.yml": "script: train.py\ntarget: cpu\nenvironment: environment.yml\n",
            "own/environment.yml": own,
            "own/conda.yml": "dependencies: [numpy]\n",
        },
    )
    assert not left
    assert 'command="python other.py --a"' in text and 'compute="gpu"' in text and 'image="ubuntu:22.04"' in text


@pytest.mark.parametrize(
    ("load", "text"),
    [
        ('"elsewhere"', FILE),
        ("PATH", FILE),
        ('"own/vm.yml"', "- no\n- configuration\n"),
        ('"own/vm.yml"', FILE.replace("baseImage: ubuntu:22.04", "baseDockerfile: FROM ubuntu")),
        ('"own/vm.yml"', "script: train.py\nenvironment:\n  name: known\n  version: '3'\n"),
    ],
)
def test_what_is_not_there_or_cannot_be_told_stays(tmp_path: Path, load: str, text: str) -> None:
    new, left = _converted(
        tmp_path,
        f'rc = RunConfiguration.load({load})\nconfig = ScriptRunConfig("src", "a.py", run_config=rc)\n',
        {"own/vm.yml": text},
    )
    assert f"RunConfiguration.load({load})" in new and left


def test_the_variable_of_a_path_has_the_value_of_the_lines_above(tmp_path: Path) -> None:
    code = "".join(
        f'path = "own/{name}.yml"\n{name} = RunConfiguration.load(path)\n'
        f'run_{name} = ScriptRunConfig("src", run_config={name})\n'
        for name in ("one", "two")
    )
    files = {f"own/{name}.yml": FILE.replace("train.py", f"{name}.py") for name in ("one", "two")}
    text, left = _converted(tmp_path, code, files)
    assert not left
    assert "python one.py --rows 3" in text and "python two.py --rows 3" in text


def test_a_configuration_that_names_its_script(tmp_path: Path) -> None:
    text, left = _converted(
        tmp_path,
        'rc = RunConfiguration(script="a.py", arguments=["--x", 1])\nrc.target = "cpu"\n'
        'config = ScriptRunConfig("src", run_config=rc)\n',
        {},
    )
    assert not left and 'command="python a.py --x 1"' in text


def test_data_that_only_the_configuration_has_is_not_lost(tmp_path: Path) -> None:
    text, left = _converted(
        tmp_path,
        'rc = RunConfiguration(script="a.py")\n'
        'config = ScriptRunConfig("src", run_config=rc, arguments=["--x", "DatasetConsumptionConfig:rows"])\n',
        {},
    )
    assert "ScriptRunConfig(" in text
    assert any("name data of the run configuration" in message for message in left)


@pytest.mark.parametrize("load", ['os.path.join(args.folder, ".azureml"), "vm"', '".", name=args.config'])
def test_a_file_that_is_known_when_the_code_runs_is_told_so(tmp_path: Path, load: str) -> None:
    (tmp_path / "go.py").write_text(
        "import os\nfrom azureml.core.runconfig import RunConfiguration\nfrom options import args\n"
        f"rc = RunConfiguration.load({load})\n"
    )
    (report,) = run([tmp_path], Settings())
    (finding,) = [finding for finding in report.findings if finding.symbol == "RunConfiguration.load"]
    assert "only when the code runs" in finding.message and "load_job" in finding.message
