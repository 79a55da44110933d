"""Lists of packages with variables name those of SDK v2, too."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core.conda_dependencies import CondaDependencies

"""
MADE = "made = CondaDependencies.create(pip_packages=packages)\nprint(made)\n"


def lines_of(text: str) -> list[str]:
    return convert(HEAD + text).text.splitlines()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('packages = ["azureml-core"]\npackages.append("pandas")', ['packages = ["azure-ai-ml", "azure-identity"]']),
        ('packages = []\npackages.append("azureml-core")', ['packages.extend(["azure-ai-ml", "azure-identity"])']),
        ('packages = []\npackages.append("azureml-dataprep")', ['packages.append("mltable")']),
        ('packages = []\npackages += ["azureml-sdk", other]', ['packages += ["azure-ai-ml", "azure-identity", other]']),
        ('packages = []\npackages.extend(("azureml-dataprep",))', ['packages.extend(("mltable",))']),
        ('packages = ["pandas"]\npackages.append("azureml-telemetry")\nprint(packages)', ["print(packages)"]),
    ],
)
def test_what_is_put_into_a_list(before: str, after: list[str]) -> None:
    found = lines_of(f"{before}\n{MADE}")
    assert set(found) >= set(after)
    assert 'packages.append("pandas")' in found or "pandas" not in before or "print(packages)" in found
    text = "\n".join(found).replace("azureml-mlflow", "")
    assert "azureml-" not in text and "*packages" in text


def test_a_list_that_other_code_reads_stays() -> None:
    found = lines_of(f'packages = []\npackages.append("azureml-core")\ncheck(packages)\n{MADE}')
    assert 'packages.append("azureml-core")' in found


@pytest.mark.parametrize("listed", ['["azureml-core", "pandas"]', "packages"])
def test_a_loop_that_adds_them(listed: str) -> None:
    code = 'packages = ["azureml-core", "pandas"]\n' if listed == "packages" else ""
    code += f"made = CondaDependencies()\nfor package in {listed}:\n    made.add_pip_package(package)\nprint(made)\n"
    text = "\n".join(lines_of(code))
    assert '["azure-ai-ml", "azure-identity", "pandas"]' in text
    assert "azureml-core" not in text and '["pip"].append(package)' in text


def test_a_loop_that_looks_at_them_stays() -> None:
    code = 'for package in ["azureml-core"]:\n    print(package)\n    made.add_pip_package(package)\n'
    assert 'for package in ["azureml-core"]:' in lines_of(f"made = CondaDependencies()\n{code}print(made)\n")


@pytest.mark.parametrize("listed", ['["numpy", "python==3.8"]', '["numpy"]'])
def test_an_environment_has_one_version_of_python(listed: str) -> None:
    """Conda finds no environment for two."""
    text = f"{HEAD}packages = {listed}\nprint(CondaDependencies.create(conda_packages=packages))\n"
    found = convert(text).text
    assert found.count('"python=') == 1 and "*packages" in found
