"""What is asked for against what is installed."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from amlbridge.engine.environments.mismatch import Current, findings, message, of_image
from amlbridge.engine.environments.spec import read
from amlbridge.engine.plan import Environment, Node

_INSTALLED = {
    "pandas": "2.3.3",
    "scikit-learn": "1.5.0",
    "odd": "not-a-version",
    "torch": "2.1.0+cpu",
    "azureml-core": "1.61.0.post4",
}


def told(*dependencies: object, python: str = "3.11.7") -> list[str]:
    return findings(read({"dependencies": list(dependencies)}), _INSTALLED.get, python)


def test_what_fits_is_not_reported() -> None:
    asked = [
        "pandas>=1",
        "Scikit_Learn==1.5.0",
        "torch==2.1",
        "azureml-defaults",
        "azureml-sdk[automl]>=1.12",
        "missing; python_version < '3'",
    ]
    assert told("python=3.11", "pandas=2.3", {"pip": asked}) == []


@pytest.mark.parametrize(
    ("dependency", "text"),
    [
        ("pandas==1.3.5", "pandas==1.3.5 is asked for, installed is 2.3.3"),
        ("pandas=1.3", "pandas=1.3 is asked for, installed is 2.3.3"),
        ("xgboost", "xgboost is asked for and not installed"),
        ({"pip": ["xgboost>1"]}, "xgboost>1 is asked for and not installed"),
        ({"pip": ["odd==1"]}, "odd==1 is asked for, installed is not-a-version"),
        ({"pip": ["https://x.example/pandas-1.0-py3-none-any.whl"]}, "pandas==1.0 is asked for, installed is 2.3.3"),
        ({"pip": ["git+https://x.example/y"]}, "cannot be compared with what is installed: git+https://x.example/y"),
        ({"pip": ["azureml-sdk==1.27.*"]}, "azureml-sdk=1.27 is asked for, installed is 1.61.0.post4"),
        ("cudnn=8", "cannot be compared with what is installed: cudnn=8"),
        ("python=3.8", "Python =3.8 is asked for, the interpreter is 3.11.7"),
        ("python>=3.6,<3.9", "Python >=3.6,<3.9 is asked for, the interpreter is 3.11.7"),
    ],
)
def test_differences(dependency: object, text: str) -> None:
    found = told(dependency)
    assert len(found) == 1
    assert found[0].replace("<3.9,>=3.6", ">=3.6,<3.9") == text


@pytest.mark.parametrize("python", ["python=3.11", "python=3.11.2", "python==3.11.9", "python>=3.8", "python=3.8.13"])
def test_patch_releases_of_python_do_not_matter(python: str) -> None:
    assert told(python) == []


def test_images_and_dockerfiles() -> None:
    assert of_image(Environment(image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04")) == []
    assert "me/mine:1 is not used" in of_image(Environment(image="me/mine:1"))[0]
    other = Node("a", "a", options={"base_conda_environment": "base", "image_registry": "mine"})
    assert len(of_image(Environment(image="mcr.microsoft.com/x"), other)) == 2
    assert "Dockerfile" in of_image(Environment(), Node("a", "a", options={"dockerfile": "FROM x"}))[0]


def test_long_lists_are_cut() -> None:
    text = message([f"p{n} is asked for and not installed" for n in range(40)])
    assert "p11 is" in text and "p12 is" not in text and "and 28 more" in text


def test_the_current_interpreter_is_asked_again_when_packages_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    current = Current()
    specification = read({"dependencies": [{"pip": ["tinything==1", "packaging"]}]})
    monkeypatch.setattr(current, "_sites", (tmp_path,))
    assert current.findings(specification) == ["tinything==1 is asked for and not installed"]
    info = tmp_path / "tinything-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tinything\nVersion: 1\n")
    os.utime(tmp_path, ns=(1, time.time_ns() + 10**9))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert current.findings(specification) == []


def test_a_known_specification_costs_next_to_nothing() -> None:
    current = Current()
    specification = read({"dependencies": [{"pip": [f"package-{n}==1" for n in range(30)]}]})
    current.findings(specification)
    began = time.perf_counter()
    for _ in range(100):
        current.findings(specification)
    assert (time.perf_counter() - began) / 100 < 0.0002


def test_the_interpreter_is_ours() -> None:
    assert Current.python == ".".join(map(str, sys.version_info[:3]))
