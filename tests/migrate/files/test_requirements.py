"""Lists of packages in the forms in which projects have them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.migrate.files import convert_file
from amlbridge.migrate.files.packages import LOWER_BOUNDS, canonical, replacement
from amlbridge.migrate.module import Options
from amlbridge.migrate.project.modules import build_project
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from tests.migrate.files.converting import convert, taken, told

CLIENT = "azure-ai-ml>=1.20\nazure-identity>=1.15"
LOGGING = "mlflow>=2.8,<3\nazureml-mlflow>=1.56"


def test_a_requirements_file() -> None:
    text = "# what we need\nazureml-core==1.39.0  # the SDK\nazureml-pipeline-steps ~= 1.39\nnumpy\n"
    found = convert("requirements.txt", text)
    first, rest = CLIENT.split("\n", 1)
    assert found.text == f"# what we need\n{first}  # the SDK\n{rest}\n{LOGGING}\nnumpy\n"
    assert told(found) == [("azureml-core", "review", 2), ("azureml-pipeline-steps", "converted", 3)]


def test_what_is_there_already_is_not_named_again() -> None:
    found = convert("requirements.txt", "azure-ai-ml==1.25\nmlflow\nazureml-sdk[automl,notebooks]>=1.30\n")
    assert found.text == "azure-ai-ml==1.25\nmlflow\nazure-identity>=1.15\nazureml-mlflow>=1.56\n"


def test_markers_are_kept() -> None:
    found = convert("requirements.txt", 'azureml-train-core ; python_version < "3.9"\n')
    assert found.text.splitlines() == [
        'azure-ai-ml>=1.20 ; python_version < "3.9"',
        'azure-identity>=1.15 ; python_version < "3.9"',
    ]


def test_a_variable_that_holds_a_command_is_no_list() -> None:
    assert convert("ci.sh", "azureml-train=pip install azureml-train\n").text == (
        'azureml-train=pip install "azure-ai-ml>=1.20" "azure-identity>=1.15"\n'
    )


def test_a_conda_file_keeps_its_form() -> None:
    text = (
        "name: train\nchannels: [conda-forge]\ndependencies:\n  - python=3.8   # old\n  - pip:\n"
        "      - azureml-defaults==1.39.0\n      - scikit-learn\n"
    )
    found = convert("conda.yml", text)
    assert found.text == (
        "name: train\nchannels: [conda-forge]\ndependencies:\n  - python=3.8   # old\n  - pip:\n"
        "      - mlflow>=2.8,<3\n      - azureml-mlflow>=1.56\n      - azureml-inference-server-http>=1.0\n"
        "      - scikit-learn\n"
    )


def test_the_scoring_server_is_named_once() -> None:
    found = convert("requirements.txt", "azureml-defaults\nazureml-contrib-services==1.1\nnumpy\n")
    assert found.text == "mlflow>=2.8,<3\nazureml-mlflow>=1.56\nazureml-inference-server-http>=1.0\nnumpy\n"
    assert convert("requirements.txt", "azureml-contrib-services\n").text == "azureml-inference-server-http>=1.0\n"


@pytest.mark.parametrize(
    "text",
    [
        'registry="azureml-meta"\n',
        "curl -H 'azureml-model-deployment: blue' $URI\n",
        "container: azureml-blobstore-d4e67fb5-e284-4203-a982-7f70db952098\n",
        "      - azureml-designer-cv-modules==0.0.41\n",
    ],
)
def test_other_names_that_begin_with_azureml_are_none_of_packages(text: str) -> None:
    found = convert("conda.yml", text)
    assert found.text == text and not found.findings


def test_toml_and_setup_cfg() -> None:
    assert convert("pyproject.toml", 'dependencies = ["azureml-train>=1", "numpy"]\n').text == (
        'dependencies = ["azure-ai-ml>=1.20", "azure-identity>=1.15", "numpy"]\n'
    )
    assert convert("pyproject.toml", '[x]\nazureml-pipeline = "^1.39"\n').text == (
        '[x]\nazure-ai-ml = ">=1.20"\nazure-identity = ">=1.15"\n'
    )
    listed = 'dependencies = [\n    "azureml-train>=1",\n    "numpy",\n]\n'
    assert convert("pyproject.toml", listed).text == (
        'dependencies = [\n    "azure-ai-ml>=1.20",\n    "azure-identity>=1.15",\n    "numpy",\n]\n'
    )
    assert convert("setup.cfg", "install_requires =\n    azureml-train\n    numpy\n").text == (
        "install_requires =\n    azure-ai-ml>=1.20\n    azure-identity>=1.15\n    numpy\n"
    )


def test_a_package_without_a_successor_stays_and_is_told() -> None:
    text = "azureml-accel-models==1.0\nazureml-mlflow\nazureml-fsspec\n"
    found = convert("requirements.txt", text)
    assert found.text == text
    assert told(found) == [("azureml-accel-models", "no-equivalent", 1)]


def test_what_models_of_automl_are_loaded_with_stays() -> None:
    text = "- pip:\n  - azureml-automl-runtime==1.59\n  - azureml-training-tabular==1.59\n"
    found = convert("conda.yml", text)
    assert found.text == text
    assert told(found) == [("azureml-automl-runtime", "review", 2), ("azureml-training-tabular", "review", 3)]
    assert convert("setup.sh", "pip install azureml-automl-runtime numpy\n").text.endswith(
        "azureml-automl-runtime numpy\n"
    )


def test_the_packages_of_a_saved_model_are_its_own(tmp_path: Path) -> None:
    assert taken(str(tmp_path / "conda.yaml"), "- azureml-defaults\n")
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    assert not taken(str(tmp_path / "conda.yaml"), "- azureml-defaults\n")


def test_explanations_and_fairness_are_those_of_the_open_packages() -> None:
    assert convert("requirements.txt", "azureml-interpret==1.0\nazureml-contrib-fairness\n").text == (
        "interpret-community\nfairlearn\n"
    )


def test_one_that_is_not_needed_any_more_goes() -> None:
    assert convert("requirements.txt", "azureml-widgets\nnumpy\n").text == "numpy\n"


def test_a_comment_of_an_earlier_run_is_not_repeated_with_other_packages() -> None:
    """The second run sees scripts that are converted: they import other packages."""
    text = "azureml-defaults==1.39.0 \\\n    --hash=sha256:abc\n"
    first = convert("requirements.txt", text).text
    assert first.count("TODO(amlbridge dependencies)") == 1
    changed = first.replace("azureml-inference-server-http", "azureml-inference-server-http, azure-ai-ml")
    assert changed != first and convert("requirements.txt", changed).text == changed


def test_hashes_cannot_be_made() -> None:
    text = "azureml-core==1.39.0 \\\n    --hash=sha256:abc\n"
    found = convert("requirements.txt", text)
    assert found.text.endswith(text) and found.text.startswith("# TODO(amlbridge dependencies): ")
    assert told(found) == [("azureml-core", "manual", 1)]


def test_a_lock_is_not_edited() -> None:
    text = '[[package]]\nname = "azureml-core"\n'
    found = convert("poetry.lock", text)
    assert found.text == text and told(found) == [("azureml", "no-equivalent", 2)]


def test_ignored_lines_and_rules() -> None:
    text = "azureml-core  # amlbridge: ignore\n"
    assert told(convert("requirements.txt", text)) == [("azureml-core", "ignored", 1)]
    found = convert("requirements.txt", "azureml-core\n", Options(ignore=frozenset(["dependencies"])))
    assert told(found) == [("azureml-core", "ignored", 1)] and found.text == "azureml-core\n"


def test_other_words_are_left_alone() -> None:
    for text in ("see azureml-examples/requirements\n", "git+https://github.com/x/azureml-core-fork\n", "numpy\n"):
        found = convert("requirements.txt", text)
        assert found.text == text
    assert not taken("values.yml", "image: registry/app:1\n")


def test_each_bound_is_one_that_a_rule_may_use() -> None:
    names = ("azureml-core", "azureml-defaults", "azureml-dataprep", "azureml-opendatasets", "azureml-monitoring")
    named = {item for name in names for item in _packages(name)}
    assert named == set(LOWER_BOUNDS)


def _packages(name: str) -> tuple[str, ...]:
    found = replacement(name)
    assert found is not None
    return found.packages


names = st.sampled_from(["azureml-core", "azureml_sdk", "AzureML-Defaults", "numpy", "azure-ai-ml", "azureml-x.y"])
pieces = st.lists(
    st.one_of(names, st.sampled_from(list("=<>~!;,[]\"'#\\ \n\t-:&|$(){}")), st.sampled_from(["pip install ", "- "])),
    max_size=30,
)


@given(pieces, st.sampled_from(["requirements.txt", "conda.yml", "pyproject.toml", "ci.sh", "x.runconfig"]))
def test_any_text_converts_and_stays_converted(parts: list[str], name: str) -> None:
    text, options = "".join(parts), Options()
    project = build_project([], options)
    first = convert_file(Path(name), text, project, options)
    if not any("azureml" in canonical(part) for part in parts):
        assert first.text == text
    assert convert_file(Path(name), first.text, project, options).text == first.text


def test_setup_py_and_files_that_are_there_already(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text(
        'from setuptools import setup\n\nsetup(install_requires=["azureml-train>=1", "numpy"])\n'
    )
    (tmp_path / "x.runconfig").write_text("script: a.py\n")
    first = {report.path.name: report for report in run([tmp_path], Settings())}
    assert b'["azure-ai-ml>=1.20", "azure-identity>=1.15", "numpy"]' in first["setup.py"].after
    for report in first.values():
        for path, content in ({report.path: report.after} | dict(report.created)).items():
            path.write_bytes(content)
    assert (tmp_path / "x.job.yml").exists()
    assert not any(report.changed for report in run([tmp_path], Settings()))


def test_the_collector_has_a_package_of_its_own() -> None:
    options = Options()
    found = convert_file(
        Path("requirements.txt"), "azureml-monitoring==0.1.0a18\nnumpy\n", build_project([], options), options
    )
    assert found.text == "azureml-ai-monitoring>=1.0\nnumpy\n"
