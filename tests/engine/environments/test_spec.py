"""Specifications in every form that people write them in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.environments.spec import SETUPTOOLS, Specification, named, of, read
from amlbridge.engine.plan import Environment


def pip(*lines: Any) -> Specification:
    return read({"dependencies": ["python=3.9", {"pip": list(lines)}]})


def test_conda_and_pip_parts() -> None:
    found = read(
        {
            "channels": ["conda-forge"],
            "dependencies": [
                "python=3.8",
                "pip=21",
                "numpy=1.21",
                "cudatoolkit=11",
                {"pip": ["pandas==1.3.5", "x[y]>1"]},
            ],
        }
    )
    assert found.python == "==3.8.*"
    assert found.requirements == ("numpy==1.21.*", "pandas==1.3.5", "x[y]>1")
    assert found.native == ("cudatoolkit=11",)
    assert not found.problems and not found.notes


@pytest.mark.parametrize("python", ["python=3.8.13", "python=3.10.18", "python=3.6.2", "python"])
def test_the_sdks_own_python_is_nothing_that_somebody_asked_for(python: str) -> None:
    assert read({"dependencies": [python]}).python is None


def test_requirements_file_lines() -> None:
    found = pip(
        "--index-url https://one.example/simple",
        "--extra-index-url=https://two.example/simple",
        "-f /wheels",
        "--trusted-host two.example --pre",
        "# a comment",
        "pandas==1.0  # why",
        "six==1.0 \\\n    --hash=sha256:00",
        "git+https://git.example/a/b@v1#egg=b-c",
        "-e git+https://git.example/d/e.git#egg=e",
        "./local/x-1.0-py3-none-any.whl",
        "https://files.example/y_z-2.1-py3-none-any.whl",
        "a\nb",
    )
    assert found.options == (
        "--index-url",
        "https://one.example/simple",
        "--extra-index-url",
        "https://two.example/simple",
        "--find-links",
        "/wheels",
        "--allow-insecure-host",
        "two.example",
        "--prerelease",
        "allow",
    )
    assert found.requirements == (
        "pandas==1.0",
        "six==1.0 --hash=sha256:00",
        "git+https://git.example/a/b@v1#egg=b-c",
        "e @ git+https://git.example/d/e.git",
        "./local/x-1.0-py3-none-any.whl",
        "https://files.example/y_z-2.1-py3-none-any.whl",
        "a",
        "b",
    )
    assert found.names == {"pandas", "six", "b-c", "e", "x", "y-z", "a", "b"}
    assert not found.problems and len(found.notes) == 1


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("-r requirements.txt", "only the specification is sent"),
        ("-c constraints.txt", "only the specification is sent"),
        ("-e ./mine", "put the package into the step's source_directory"),
        ("--strange 5", "is not known"),
        ("two words", "is no requirement"),
        ("--index-url", "has no value"),
        ("-f 'unclosed", "cannot be read"),
    ],
)
def test_what_cannot_be_installed_is_said(line: str, why: str) -> None:
    (problem,) = pip(line).problems
    assert why in problem


def test_the_azure_sdk_gets_a_setuptools_that_it_can_import() -> None:
    found = pip("azureml-defaults")
    assert found.requirements == ("azureml-defaults", SETUPTOOLS) and len(found.notes) == 1
    assert pip("azureml-core", "setuptools==65").requirements == ("azureml-core", "setuptools==65")
    assert pip("pandas").requirements == ("pandas",)


def test_the_index_that_the_sdk_writes_by_itself_is_left_out() -> None:
    origin = ["--find-links https://index.example/simple/index.html", "--extra-index-url https://index.example/simple"]
    assert pip(*origin, "six").options == ()
    own = pip(*origin, "--index-url https://mirror.example/simple", "--no-index").options
    assert own == (
        "--extra-index-url",
        "https://index.example/simple",
        "--index-url",
        "https://mirror.example/simple",
        "--no-index",
    )
    assert pip("--extra-index-url https://index.example/simple").options != ()


def test_a_user_managed_environment_asks_for_nothing() -> None:
    assert of(Environment(conda={"dependencies": ["numpy"]}, user_managed=True)) == Specification()
    assert of(Environment()) == Specification()


def test_the_key_follows_what_gets_installed() -> None:
    assert pip("a", "b").key == pip("b", "a").key == pip("a", "b", "a").key
    others = [
        pip("a", "b"),
        pip("a"),
        pip("a", "b==1"),
        pip("a", "b", "--pre"),
        read({"dependencies": [{"pip": ["a"]}]}),
    ]
    assert len({item.key for item in others}) == len(others)
    # A native package is not installed: it makes no other environment.
    assert read({"dependencies": ["cudnn", "a"]}).key == read({"dependencies": ["a"]}).key


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["pip", "dependencies", "x"]), inner),
)


@given(_json | st.fixed_dictionaries({"dependencies": st.lists(_json, max_size=5)}))
def test_no_content_breaks_the_reader(content: Any) -> None:
    found = read(content)
    assert found == read(content)
    assert len(found.key) == 16
    for line in found.requirements:
        named(line)


@given(st.lists(st.text(max_size=30), max_size=5))
def test_no_line_is_lost(lines: list[str]) -> None:
    """Each line of pip's part is installed, an option, or a problem that is told."""
    found = pip(*lines)
    told = len(found.requirements) + len(found.options) + len(found.problems)
    meant = [line for text in lines for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert told or not meant or all(line.lstrip().startswith("-") or "#" in line or not line.strip() for line in meant)
