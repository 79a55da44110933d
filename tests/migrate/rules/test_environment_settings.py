"""Settings of environments that code reads or changes where the environment is made elsewhere."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import check_transformed, convert

_HEAD = "from azureml.core import Environment\n\n\ndef change(env: Environment, text):\n"
_AFTER = "from azure.ai.ml.entities import Environment\n\n\ndef change(env: Environment, text):\n"


def test_a_dockerfile_in_a_branch_is_written_where_its_text_is_known() -> None:
    check_transformed(
        """\
from azureml.core import Environment


def change(env: Environment, dockerfile):
    if dockerfile is not None:
        with open(dockerfile) as file:
            dockerfile = file.read()
        env.docker.base_image = None
        env.docker.base_dockerfile = dockerfile
""",
        """\
import os
from azure.ai.ml.entities import BuildContext, Environment


def change(env: Environment, dockerfile):
    if dockerfile is not None:
        with open(dockerfile) as file:
            dockerfile = file.read()
        env.image = None
        os.makedirs("docker", exist_ok=True)
        with open("docker/Dockerfile", "w") as file:
            file.write(dockerfile)
        env.image = None
        env.build = BuildContext(path="docker")
""",
        status=Status.REVIEW,
    )


def test_a_dockerfile_of_a_known_path_and_none_at_all() -> None:
    text = convert(
        _HEAD + '    env.docker.base_dockerfile = "docker/cpu.Dockerfile"\n    env.docker.base_dockerfile = None\n'
    ).text
    assert 'env.image = None\n    env.build = BuildContext(path="docker", dockerfile_path="cpu.Dockerfile")' in text
    assert text.endswith("    env.build = None\n")


def test_settings_that_are_only_shown_go() -> None:
    body = "    env.docker.shm_size\n    env.docker.base_image_registry\n    env.docker.shared_volumes\n"
    check_transformed(
        _HEAD + body + "    return env.name, env.docker.enabled\n",
        _AFTER + "    return env.name, True\n",
        status=Status.REVIEW,
    )


def test_settings_that_code_needs_stay() -> None:
    found = convert(_HEAD + "    return env.docker.shared_volumes\n")
    assert "return env.docker.shared_volumes" in found.text
    assert {finding.status for finding in found.findings} == {Status.MANUAL}


def test_parts_of_conda_dependencies_are_read_of_the_dict() -> None:
    body = "    conda = env.python.conda_dependencies\n    return {}\n"
    before = "conda.get_python_version(), list(conda.conda_channels), list(conda.pip_options)"
    text = convert(_HEAD + body.format(before)).text
    namespace: dict[str, object] = {}
    exec(text.replace("from azure", "# ").replace(": Environment", ""), namespace)
    change = namespace["change"]
    dependencies = ["python=3.9", "numpy", {"pip": ["--pre", "pandas"]}]
    env = type("Env", (), {"conda_file": {"channels": ["conda-forge"], "dependencies": dependencies}})
    assert change(env, "") == ("3.9", ["conda-forge"], ["--pre"])  # type: ignore[operator]


@pytest.mark.parametrize("method", ["set_pip_option", "set_pip_index_url"])
def test_options_of_pip_are_lines_of_its_section(method: str) -> None:
    text = convert(
        f"""\
from azureml.core.conda_dependencies import CondaDependencies

conda = CondaDependencies.create(pip_packages=["pandas"])
if FEED:
    conda.{method}(f"--index-url {{FEED}}")
"""
    ).text
    assert '    conda["dependencies"][-1]["pip"].append(f"--index-url {FEED}")' in text


def test_the_size_of_a_cluster_is_no_setting_of_a_job() -> None:
    found = convert(
        """\
from azureml.core import RunConfiguration, ScriptRunConfig

rc = RunConfiguration()
rc.target = "cpu"
rc.amlcompute.vm_size = "STANDARD_D2_V2"
config = ScriptRunConfig(".", "train.py", run_config=rc)
"""
    )
    assert "STANDARD_D2_V2" not in found.text and 'compute="cpu"' in found.text
    assert any("a named cluster has its size" in finding.message for finding in found.findings)


def test_a_conda_environment_of_the_machine_is_exported() -> None:
    found = convert(
        """from azureml.core import Environment

def of_machine(name, packages):
    return Environment.from_existing_conda_environment(name, packages)
"""
    )
    text = "".join(found.text.split())
    assert 'conda_file=yaml.safe_load(subprocess.run(["conda","env","export","--no-builds","-n",packages],' in text
    assert "name=name," in text and "azureml.core" not in found.text
    assert "for Linux" in found.findings[0].message


BUILT = """from azureml.core import Environment, Workspace

ws = Workspace.from_config()
details = Environment.get(ws, "e").build(ws)
"""


def test_a_loop_that_waits_for_an_image_goes() -> None:
    loop = 'while details.status not in ["Succeeded", "Failed"]:\n    print(details.status)\n    time.sleep(10)\n'
    found = convert(f"{BUILT}{loop}run()\n")
    assert "while" not in found.text and found.text.endswith("run()\n") and "azureml.core" not in found.text
    assert "a job waits for it" in " ".join(finding.message for finding in found.findings)
    assert "while " in convert(f"{BUILT}{loop}    tries += 1\n").text


def test_memory_and_docker_arguments_of_an_environment_are_those_of_what_runs() -> None:
    found = convert(
        """from azureml.core import Environment

def prepare(environment: Environment, more):
    environment.docker.shm_size = "8g"
    environment.docker.base_image = "image:1"
    environment.docker.arguments.extend(list(more))
"""
    )
    assert 'environment.image = "image:1"' in found.text and "docker" not in found.text
    messages = " ".join(finding.message for finding in found.findings)
    assert 'command(shm_size="8g")' in messages and "docker_args" in messages


@pytest.mark.parametrize(
    "built",
    [
        "env.build(ws)\n",
        "env.build(workspace=ws).wait_for_completion(show_output=True)\n",
        "build = env.build(ws)\nbuild.wait_for_completion(show_output=True)\n",
    ],
)
def test_an_environment_that_is_registered_is_not_registered_again_to_be_built(built: str) -> None:
    head = "from azureml.core import Environment, Workspace\n\nws = Workspace.from_config()\n"
    head += "env = Environment.from_conda_specification('e', 'conda.yml')\n"
    for code in (f"env.register(ws)\n{built}", f"{built}env.register(ws)\n"):
        text = convert(head + code).text
        assert text.count("environments.create_or_update(env)") == 1 and "build" not in text
    assert "environments.create_or_update(env)" in convert(head + built).text


@pytest.mark.parametrize("late", ["env.docker.enabled = True", 'if gpu:\n    env.docker.base_image = "cuda"', ""])
def test_what_an_environment_is_told_before_it_is_used_is_in_it_whatever_follows(late: str) -> None:
    found = convert(f"""\
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.conda_dependencies import CondaDependencies

ws = Workspace.from_config()
env = Environment("ridge")
packages = CondaDependencies.create(pip_packages=["scikit-learn"])
env.python.conda_dependencies = packages
env.environment_variables = {{"STAGE": "test"}}
src = ScriptRunConfig(source_directory=".", script="fit.py", compute_target="cpu", environment=env)
Experiment(ws, "fit").submit(src)
{late}
""").text
    assert found.count("Environment(\n") == 1 and "conda_file=packages" in found
    assert 'environment_variables={"STAGE": "test"}' in found
