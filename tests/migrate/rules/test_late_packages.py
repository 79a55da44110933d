"""Packages and sections of Docker that an environment gets from variables."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import check_noop, check_transformed, convert

_IMPORTS = """\
from azureml.core import Environment
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import DockerSection

"""


def test_packages_that_come_when_the_environment_has_its_dependencies() -> None:
    after = """\
from azure.ai.ml.entities import Environment

packages = {
    "channels": ["conda-forge", "pytorch"],
    "dependencies": [
        "python=3.9",
        "numpy",
        "pip",
        {"pip": ["keras", "pandas", "mlflow", "azureml-mlflow"]},
    ],
}
env = Environment(name="e", image="ubuntu", conda_file=packages)
"""
    check_transformed(
        _IMPORTS
        + """\
packages = CondaDependencies.create(pip_packages=["keras"], conda_packages=["python=3.9"])
packages.add_channel("conda-forge")
env = Environment("e")
env.python.conda_dependencies = packages
env.python.conda_dependencies.add_pip_package("pandas")
env.python.conda_dependencies.add_conda_package("numpy")
env.python.conda_dependencies.add_channel("pytorch")
env.docker.base_image = "ubuntu"
""",
        after,
    )
    check_noop(after)


def test_packages_that_are_known_at_run_time_come_where_they_came() -> None:
    check_transformed(
        _IMPORTS
        + """\
packages = CondaDependencies.create(pip_packages=["keras"])
env = Environment("e")
env.python.conda_dependencies = packages
version = read_version()
env.python.conda_dependencies.add_pip_package(f"pandas=={version}")
env.python.conda_dependencies.add_pip_package("azureml-sdk")
env.docker.base_image = "ubuntu"
""",
        """\
from azure.ai.ml.entities import Environment

packages = {
    "channels": ["conda-forge"],
    "dependencies": [
        "python=3.10",
        "pip",
        {"pip": ["keras", "mlflow", "azureml-mlflow"]},
    ],
}
version = read_version()
packages["dependencies"][-1]["pip"].extend(
    ["azure-ai-ml", "azure-identity", f"pandas=={version}"]
)
env = Environment(name="e", image="ubuntu", conda_file=packages)
""",
    )


def test_dependencies_of_two_environments_are_not_changed_for_one() -> None:
    found = convert(
        _IMPORTS
        + """\
packages = CondaDependencies.create(pip_packages=["keras"])
one = Environment("one")
one.python.conda_dependencies = packages
other = Environment("other")
other.python.conda_dependencies = packages
other.python.conda_dependencies.add_pip_package("pandas")
"""
    )
    added = found.text.index('packages["dependencies"][-1]["pip"].extend(["pandas"])')
    assert found.text.index("one = Environment(") < added < found.text.index("other = Environment(")


@pytest.mark.parametrize(
    "made", ['docker = DockerSection()\nenv = Environment("e")', 'env = Environment("e")\ndocker = DockerSection()']
)
def test_a_section_of_docker_that_a_variable_holds(made: str) -> None:
    after = """\
from azure.ai.ml.entities import Environment

env = Environment(name="e", image="ubuntu")
"""
    check_transformed(
        _IMPORTS
        + f"""\
{made}
docker.enabled = True
docker.base_image = "ubuntu"
env.docker = docker
""",
        after,
    )


def test_a_section_of_docker_that_is_looked_at_stays() -> None:
    found = convert(
        _IMPORTS
        + """\
docker = DockerSection()
docker.base_image = "ubuntu"
print(docker)
env = Environment("e")
env.docker = docker
"""
    )
    assert "docker = DockerSection()" in found.text
    assert Status.MANUAL in {finding.status for finding in found.findings}


def test_packages_of_a_run_configuration() -> None:
    check_transformed(
        _IMPORTS
        + """\
from azureml.core.runconfig import RunConfiguration

packages = CondaDependencies.create(pip_packages=["keras"])
version = read_version()
rc = RunConfiguration(conda_dependencies=packages)
rc.environment.docker.base_image = "ubuntu"
rc.environment.python.conda_dependencies.add_pip_package(f"pandas=={version}")
rc.environment.python.conda_dependencies.set_python_version("3.9")
""",
        """\
from azure.ai.ml.entities import Environment

packages = {
    "channels": ["conda-forge"],
    "dependencies": [
        "python=3.10",
        "pip",
        {"pip": ["keras", "mlflow", "azureml-mlflow"]},
    ],
}
version = read_version()
packages["dependencies"] = [
    "python=3.9",
    *[part for part in packages["dependencies"] if not str(part).startswith("python")],
]
packages["dependencies"][-1]["pip"].extend([f"pandas=={version}"])
rc = Environment(image="ubuntu", conda_file=packages)
""",
    )


def test_packages_of_a_run_configuration_that_are_made_elsewhere_are_not_lost() -> None:
    found = convert(
        """\
from azureml.core.runconfig import RunConfiguration
from own import packages

rc = RunConfiguration()
rc.environment.python.conda_dependencies = packages
rc.environment.python.conda_dependencies.add_pip_package("pandas")
"""
    )
    assert 'conda_dependencies.add_pip_package("pandas")' in found.text
