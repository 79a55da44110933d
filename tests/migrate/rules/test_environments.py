"""Environments of Dockerfiles, and clones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from amlbridge.migrate.write import write_all
from tests.migrate.rules.support import check_transformed, convert


def _worst(text: str) -> tuple[str, set[Status]]:
    found = convert(text)
    return found.text, {finding.status for finding in found.findings} - {Status.CONVERTED}


@pytest.mark.parametrize("path", ['os.path.join(folder, "Dockerfile")', 'Path(folder) / "Dockerfile"'])
@pytest.mark.parametrize("form", ["inline", "variable", "str"])
def test_a_path_made_at_run_time_is_split(path: str, form: str) -> None:
    given = {"inline": path, "variable": "dockerfile", "str": "str(dockerfile)"}[form]
    text, left = _worst(
        f"""\
import os
from pathlib import Path
from azureml.core import Environment

folder = os.environ["FOLDER"]
dockerfile = {path}
env = Environment.from_dockerfile("image", {given})
"""
    )
    assert not left
    context = f'path=os.path.dirname({given}) or ".", dockerfile_path=os.path.basename({given})'
    assert "".join(context.split()) in "".join(text.split()).replace(",)", ")")


def test_no_conda_specification_is_none() -> None:
    made = 'Environment.from_dockerfile("image", "Dockerfile", conda_specification=None)'
    text, left = _worst(f"from azureml.core import Environment\n\nenv = {made}\n")
    assert not left
    assert "conda_file" not in text and "BuildContext(" in text


def test_what_may_be_a_text_is_for_review() -> None:
    text, left = _worst(
        """\
from azureml.core import Environment

env = Environment("image")
env.docker.base_dockerfile = args.dockerfile
"""
    )
    assert left == {Status.REVIEW}
    assert "os.path.basename(args.dockerfile)" in text and "import os" in text


def test_a_text_that_is_read_is_named() -> None:
    text, left = _worst(
        """\
from azureml.core import Environment

recipe = open("Dockerfile").read()
env = Environment.from_dockerfile("image", recipe)
"""
    )
    assert not left
    assert 'BuildContext(path=".", dockerfile_path="Dockerfile")' in text


def test_a_clone_has_the_same_image_and_packages() -> None:
    check_transformed(
        """\
from azureml.core import Environment, Workspace

ws = Workspace.from_config()
old = Environment.get(ws, "base")
new = old.clone("mine")
new.python.conda_dependencies.add_pip_package("numpy")
""",
        """\
import copy
from azure.ai.ml import MLClient
from azure.ai.ml.entities import Environment
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
old = ml_client.environments.get("base", label="latest")
new = Environment(
    name="mine",
    image=old.image,
    build=old.build,
    conda_file=copy.deepcopy(old.conda_file),
)
new.conda_file["dependencies"][-1]["pip"].append("numpy")
new = Environment(
    name=new.name, image=new.image, build=new.build, conda_file=new.conda_file
)
""",
        status=Status.REVIEW,
    )


def test_a_version_of_python_beside_a_requirements_file_keeps_the_file() -> None:
    text = convert(
        """\
from azureml.core import Environment

env = Environment.from_pip_requirements("e", str(requirements))
env.python.conda_dependencies.set_python_version("3.9")
env.python.conda_dependencies.add_pip_package("pandas")
"""
    ).text
    assert '"python=3.9"' in text
    assert '{"pip": [*open(str(requirements)).read().splitlines(), "pandas"]}' in text


def test_packages_that_come_to_those_of_a_conda_file() -> None:
    check_transformed(
        """\
from azureml.core import Environment

env = Environment.from_conda_specification("e", "conda.yml")
env.python.conda_dependencies.add_pip_package("pandas")
""",
        """\
import yaml
from azure.ai.ml.entities import Environment

with open("conda.yml") as file:
    conda = yaml.safe_load(file)
next(part for part in conda["dependencies"] if isinstance(part, dict))["pip"].extend(
    ["pandas"]
)
env = Environment(
    name="e",
    image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",
    conda_file=conda,
)
""",
        status=Status.REVIEW,
    )


@pytest.mark.parametrize(
    "code",
    [
        "def change(env: Environment):\n    env.python.conda_dependencies.add_pip_package('x')\n",
        "conda = CondaDependencies()\nenv = Environment('e')\nenv.python.conda_dependencies = conda\n"
        "conda.add_pip_package('late')\n",
    ],
)
def test_packages_that_an_environment_would_not_notice_are_left(code: str) -> None:
    head = "from azureml.core import Environment\nfrom azureml.core.conda_dependencies import CondaDependencies\n"
    findings = convert(head + code).findings
    assert any("packages that it was made with" in finding.message for finding in findings)


def test_an_image_that_is_built_needs_no_waiting() -> None:
    text = convert(
        """\
from azureml.core import Environment, Workspace

build = Environment("e").build(Workspace.from_config())
build.wait_for_completion(show_output=True)
"""
    ).text
    assert text.rstrip().endswith(")") and "wait" not in text


def test_a_clone_inside_of_a_call() -> None:
    text = convert(
        """\
from azureml.core import Environment, Workspace

env = Environment.get(Workspace.from_config(), "base")
use(env.clone("mine"))
"""
    ).text
    assert 'name="mine"' in text and "image=env.image" in text and "conda_file=copy.deepcopy(env.conda_file)" in text
    assert "azureml.core" not in text


def test_tensorflow_of_conda_dependencies() -> None:
    text = "".join(
        convert(
            """\
from azureml.core.conda_dependencies import CondaDependencies

packages = CondaDependencies.create(python_version="3.7")
packages.add_tensorflow_conda_package()
packages.add_tensorflow_pip_package("gpu", version="2.3")
others = CondaDependencies()
use(others)
others.add_tensorflow_conda_package(core_type="gpu")
"""
        ).text.split()
    )
    assert '"python=3.7","tensorflow","pip",{"pip":["tensorflow==2.3","mlflow"' in text
    assert 'others["dependencies"].insert(0,"tensorflow")' in text


@pytest.mark.parametrize(("use", "stays"), [("image_registry_details=registry", False), ("x=f(registry)", True)])
def test_the_registry_of_an_image(use: str, stays: bool) -> None:
    text = convert(
        f"""\
from azureml.core.container_registry import ContainerRegistry
from azureml.train.estimator import Estimator

registry = ContainerRegistry()
registry.address = "a.azurecr.io"
registry.password = secret
managed = True
job = Estimator("src", entry_script="train.py", custom_docker_image="a/b:1", user_managed=managed, {use})
job.run_config.environment.python.interpreter_path = "/opt/bin/python"
"""
    ).text
    assert ("registry.address" in text) is stays
    if not stays:
        assert "conda_file" not in text and 'command="/opt/bin/python train.py"' in text


def test_the_context_of_a_build() -> None:
    text = convert(
        """\
from azureml.core import Environment, Workspace
from azureml.core.environment import DockerBuildContext

ws = Workspace.from_config()


def made(context: DockerBuildContext) -> Environment:
    return Environment.from_docker_build_context("e", context)


env = made(DockerBuildContext.from_local_directory(ws, "docker", "other/Dockerfile"))
"""
    ).text
    assert 'BuildContext(path="docker", dockerfile_path="other/Dockerfile")' in "".join(text.splitlines())
    assert 'return Environment(name="e", build=context)' in text and "context: BuildContext" in text


def test_the_packages_of_conda_dependencies() -> None:
    text = convert(
        """\
from azureml.core.conda_dependencies import CondaDependencies

packages = CondaDependencies.create(conda_packages=["numpy"], pip_packages=["pandas"])
print(list(packages.conda_packages), list(packages.pip_packages))
"""
    ).text
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == "['python=3.10', 'numpy', 'pip'] ['pandas', 'mlflow', 'azureml-mlflow']\n"


def test_an_environment_of_the_workspace() -> None:
    text = convert(
        """\
from azureml.core import ScriptRunConfig, Workspace

ws = Workspace.from_config()
env = ws.environments["mine"]
config = ScriptRunConfig(".", "train.py", compute_target="cpu", environment=env)
"""
    ).text
    assert 'env = ml_client.environments.get("mine", label="latest")' in text
    assert "environment=env" in text


def test_what_models_of_automl_are_loaded_with_stays_in_the_environment() -> None:
    found = convert(
        """\
from azureml.core import Environment
from azureml.core.conda_dependencies import CondaDependencies

env = Environment("score")
env.python.conda_dependencies = CondaDependencies.create(pip_packages=["azureml-automl-runtime", "azureml-core"])
"""
    )
    assert '"azureml-automl-runtime"' in found.text and "azureml-core" not in found.text


def test_a_dockerfile_that_is_read_is_named_and_one_that_is_made_at_run_time_is_written() -> None:
    check_transformed(
        """\
        from azureml.core import Environment
        from azureml.core.environment import DEFAULT_CPU_IMAGE

        first = Environment("first")
        first.docker.base_image = None
        first.docker.base_dockerfile = open("images/Dockerfile").read()
        second = Environment.from_conda_specification(name="second", file_path="myenv.yml")
        second.docker.base_dockerfile = "FROM {}\\nRUN apt-get update\\n".format(DEFAULT_CPU_IMAGE)
        third = Environment.from_dockerfile("third", f"FROM {image}\\nRUN pip install x")
        """,
        """\
        import os
        from azure.ai.ml.entities import BuildContext, Environment

        first = Environment(
            name="first", build=BuildContext(path="images", dockerfile_path="Dockerfile")
        )
        os.makedirs("docker", exist_ok=True)
        with open("docker/Dockerfile", "w") as file:
            file.write(
                "FROM {}\\nRUN apt-get update\\n".format(
                    "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest"
                )
            )
        second = Environment(
            name="second", build=BuildContext(path="docker"), conda_file="myenv.yml"
        )
        os.makedirs("docker_2", exist_ok=True)
        with open("docker_2/Dockerfile", "w") as file:
            file.write(f"FROM {image}\\nRUN pip install x")
        third = Environment(name="third", build=BuildContext(path="docker_2"))
        """,
        status=Status.REVIEW,
    )


def test_the_old_name_of_the_class() -> None:
    check_transformed(
        """\
        from azureml.core.runconfig import EnvironmentDefinition

        env = EnvironmentDefinition()
        env.docker.base_image = "ubuntu:22.04"
        """,
        """\
        from azure.ai.ml.entities import Environment

        env = Environment(image="ubuntu:22.04")
        """,
    )


def test_pip_that_was_listed_is_listed_once() -> None:
    text = convert(
        """\
from azureml.core import Environment
from azureml.core.conda_dependencies import CondaDependencies

env = Environment("e")
env.python.conda_dependencies = CondaDependencies.create(conda_packages=["pip=23.1"], pip_packages=["pandas"])
env.register(ws)
"""
    ).text
    assert text.count('"pip=23.1"') == 1 and '"pip",' not in text


def test_the_package_of_an_explainer_that_a_service_loads_stays() -> None:
    head = "from azureml.core.conda_dependencies import CondaDependencies\n"
    made = 'conda = CondaDependencies.create(pip_packages=["azureml-interpret", "azureml-core"])\n'
    assert '"interpret-community"' in convert(f"{head}{made}").text
    scoring = "from azureml.interpret.scoring.scoring_explainer import TreeScoringExplainer, save\n"
    text = convert(f'{head}{scoring}save(TreeScoringExplainer(e), directory="outputs", exist_ok=True)\n{made}').text
    assert '"azureml-interpret"' in text and '"interpret-community"' not in text


def test_each_dockerfile_has_a_folder_of_its_own() -> None:
    found = convert(
        """\
        from pathlib import Path
        from azureml.core import Environment

        one = Environment("one")
        one.docker.base_dockerfile = "FROM ubuntu\\nRUN true\\n"
        two = Environment("two")
        two.docker.base_dockerfile = f"FROM {image}\\nRUN x"
        three = Environment("three")
        three.docker.base_dockerfile = "FROM debian\\n"
        four = Environment("four")
        four.docker.base_dockerfile = Path("images", "Dockerfile").read_text()
        five = Environment("five")
        five.docker.base_dockerfile = open("Dockerfile").read().replace("A", "B")
        """
    )
    assert found.created == {"docker/Dockerfile": "FROM ubuntu\nRUN true\n", "docker_3/Dockerfile": "FROM debian\n"}
    for name, folder in (("two", "docker_2"), ("four", "docker_4"), ("five", "docker_5")):
        assert f'open("{folder}/Dockerfile", "w")' in found.text
        assert f'{name} = Environment(name="{name}", build=BuildContext(path="{folder}"))' in found.text


def test_a_dockerfile_of_the_users_and_one_of_a_module_beside_stay(tmp_path: Path) -> None:
    source = (
        'from azureml.core import Environment\n\nenv = Environment("e")\nenv.docker.base_dockerfile = "FROM {}\\n"\n'
    )
    (tmp_path / "train.py").write_text(source.format("ubuntu"))
    (tmp_path / "score.py").write_text(source.format("debian"))
    (tmp_path / "docker_train").mkdir()
    (tmp_path / "docker_train" / "Dockerfile").write_text("FROM alpine\n")
    write_all(run([tmp_path], Settings(jobs=1)), [tmp_path])
    texts = {path.parent.name: path.read_text() for path in tmp_path.rglob("Dockerfile")}
    assert texts == {
        "docker_train": "FROM alpine\n",
        "docker_train_2": "FROM ubuntu\n",
        "docker_score": "FROM debian\n",
    }
    assert 'BuildContext(path="docker_train_2")' in (tmp_path / "train.py").read_text()


def test_packages_that_are_added_through_the_environment_to_what_was_made_before() -> None:
    check_transformed(
        """\
        from azureml.core import Environment
        from azureml.core.conda_dependencies import CondaDependencies

        dependencies = CondaDependencies.create(pip_packages=["keras==2.1.5"], conda_packages=["python=3.6.11"])
        env = Environment("yolo")
        env.python.conda_dependencies = dependencies
        env.python.conda_dependencies.add_pip_package("tqdm")
        env.python.conda_dependencies.add_pip_package("azureml-sdk")
        env.python.conda_dependencies.add_conda_package("numpy")
        env.python.conda_dependencies.add_channel("conda-forge")
        """,
        """\
        from azure.ai.ml.entities import Environment

        dependencies = {
            "channels": ["conda-forge"],
            "dependencies": [
                "python=3.6.11",
                "numpy",
                "pip",
                {
                    "pip": [
                        "keras==2.1.5",
                        "tqdm",
                        "azure-ai-ml",
                        "azure-identity",
                        "mlflow",
                        "azureml-mlflow",
                    ]
                },
            ],
        }
        env = Environment(
            name="yolo",
            image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",
            conda_file=dependencies,
        )
        """,
    )


def test_listed_environments_have_their_packages() -> None:
    head = "from azureml.core import Environment, Workspace\n\nws = Workspace.from_config()\n"
    text = convert(f"{head}found = Environment.list(ws)\n").text
    assert 'environments.get(environment.name, label="latest")' in text
    names = convert(f'{head}print("mine" in Environment.list(ws))\n').text
    assert "environments.get(" not in names and "environments.list()]" in names


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("env.python.user_managed_dependencies = True", Status.REVIEW),
        ('env.python.interpreter_path = "/opt/python"', Status.REVIEW),
        ("env.python.user_managed_dependencies = False", Status.CONVERTED),
        ('env.python.user_managed_dependencies = True\nenv.docker.base_image = "i"', Status.CONVERTED),
    ],
)
def test_the_python_of_the_machine_is_told_of(code: str, status: Status) -> None:
    found = convert(f'from azureml.core import Environment\n\nenv = Environment("e")\n{code}\n')
    assert {finding.status for finding in found.findings} == {status}


def test_an_environment_that_is_made_again_has_no_dockerfile_that_it_had_not() -> None:
    head = "from azureml.core import Environment, Workspace\n"
    head += "from azureml.core.conda_dependencies import CondaDependencies\n"
    change = "if flag:\n    env.python.conda_dependencies = CondaDependencies.create(pip_packages=['a'])\n"
    assert "build=" not in convert(f"{head}env = Environment('e')\n{change}").text
    found = f"{head}env = Environment.get(Workspace.from_config(), 'e')\n{change}"
    assert "build=env.build" in convert(found).text


def test_an_environment_that_a_function_fills_and_a_run_takes_is_made_once() -> None:
    text = convert(
        """
        from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
        from azureml.core.conda_dependencies import CondaDependencies

        ws = Workspace.from_config()


        def environment_of(packages):
            environment = Environment(name="fit")
            environment.python.conda_dependencies = CondaDependencies.create(pip_packages=packages)
            return environment


        env = environment_of(["xgboost"])
        config = ScriptRunConfig("src", "fit.py", compute_target="cpu", environment=env)
        Experiment(ws, "fit").submit(config)
        """
    ).text
    assert text.count("environment = Environment(") == 1 and "*packages" in text


def test_an_environment_of_a_branch_is_made_with_all_that_the_branch_says_of_it() -> None:
    text = convert(
        """\
from azureml.core import Environment
from azureml.core.conda_dependencies import CondaDependencies


def make(local):
    if local:
        env = Environment("here")
    else:
        env = Environment("there")
        env.python.conda_dependencies = CondaDependencies.create(pip_packages=["numpy"])
        env.docker.base_image = "registry.example.org/base:1"
    return env
"""
    ).text
    assert text.count("Environment(") == 2 and 'image="registry.example.org/base:1"' in text
    assert "env.image" not in text


def test_an_environment_that_the_branch_reads_before_it_is_complete_is_made_first() -> None:
    text = convert(
        """\
from azureml.core import Environment
from azureml.core.conda_dependencies import CondaDependencies


def make(local):
    if not local:
        env = Environment("there")
        print(env.name)
        env.python.conda_dependencies = CondaDependencies.create(pip_packages=["numpy"])
    return env
"""
    ).text
    assert text.count("Environment(") == 2


def test_packages_in_the_sum_of_lists_are_those_of_sdk_v2() -> None:
    text = convert(
        """\
from azureml.core.conda_dependencies import CondaDependencies

packages = read_packages() + ["azureml-core", "azureml-mlflow", "azureml-dataprep[fuse]"]
first = CondaDependencies.create(pip_packages=packages)
second = CondaDependencies.create(pip_packages=["azureml-defaults"] + read_packages())
print(first, second)
"""
    ).text
    joined = "".join(text.split())
    assert 'packages=read_packages()+["azure-ai-ml","azure-identity","mltable"]' in joined
    assert '{"pip":["mlflow","azureml-mlflow",*packages]}' in joined
    assert '{"pip":["azureml-inference-server-http","mlflow","azureml-mlflow",*read_packages(),]}' in joined


@pytest.mark.parametrize("said", ['variables = {"A": "1"}', 'variables["A"] = "1"'])
def test_variables_of_a_registered_environment_are_told(said: str) -> None:
    """SDK v2 keeps them with jobs: who looks the environment up does not get them any more."""
    found = convert(
        "from azureml.core import Environment, Workspace\n\nws = Workspace.from_config()\n"
        f'env = Environment("e")\nenv.environment_{said}\nenv.register(ws)\n'
    )
    told = {finding.symbol: finding.message for finding in found.findings if finding.status is Status.REVIEW}
    assert "command(environment_variables=" in told["Environment.register"]


def test_channels_are_added_to_the_one_that_there_is() -> None:
    found = convert("""\
        from azureml.core.conda_dependencies import CondaDependencies

        conda = CondaDependencies()
        conda.add_channel("pytorch")
        conda.add_channel("conda-forge")
        """)
    assert '"channels": ["conda-forge", "pytorch"]' in found.text
