"""Conda's versions in pip's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from amlbridge.engine.environments import conda


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("numpy", "numpy"),
        ("pandas=1.3", "pandas==1.3.*"),
        ("pandas=1.3.5", "pandas==1.3.5.*"),
        ("pandas==1.3.5", "pandas==1.3.5"),
        ("pandas=1.3.5=py38_0", "pandas==1.3.5"),
        ("pandas 1.3.5 py38_0", "pandas==1.3.5"),
        ("pandas 1.3.*", "pandas==1.3.*"),
        ("pandas=1.3*", "pandas==1.3.*"),
        ("pandas >=1,<2", "pandas>=1,<2"),
        ("pandas>=1.0.*", "pandas>=1.0"),
        ("pandas!=1.3.*", "pandas!=1.3.*"),
        ("conda-forge::scikit-learn=0.24.2", "scikit-learn==0.24.2.*"),
        ("pandas[version='>=1.0,<2.0']", "pandas>=1.0,<2.0"),
        ("pandas[version=1.3]", "pandas==1.3.*"),
        ("Pandas=1.4.0rc0", "pandas==1.4.0rc0"),
        ("pytorch=1.13", "torch==1.13.*"),
        ("py-xgboost", "xgboost"),
        ("numpy  # pinned by nobody", "numpy"),
        ("numpy=*", "numpy"),
    ],
)
def test_requirements(text: str, requirement: str) -> None:
    package = conda.parse(text)
    assert package is not None and not package.native
    assert package.requirement == requirement
    Requirement(package.requirement)


def test_alternatives_cannot_be_told_to_pip() -> None:
    package = conda.parse("pandas=1.3|>=1.5")
    assert package is not None and package.version is None and package.requirement == "pandas"


@pytest.mark.parametrize(
    "text", ["cudatoolkit=11.3", "gcc_linux-64", "libgcc-ng", "r-essentials", "openmpi=4", "conda-forge::cudnn"]
)
def test_native_packages(text: str) -> None:
    package = conda.parse(text)
    assert package is not None and package.native


@pytest.mark.parametrize("name", ["librosa", "libcst", "liblinear-official".removeprefix("liblinear-"), "numpy"])
def test_python_packages_that_look_native(name: str) -> None:
    package = conda.parse(name)
    assert package is not None and not package.native


@given(st.text(max_size=40))
def test_any_text_is_a_requirement_or_refused(text: str) -> None:
    package = conda.parse(text)
    if package is not None:
        assert package.version is None or package.name


_PARTS = st.lists(st.integers(0, 99), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))


@given(_PARTS, st.sampled_from(["", "=", "==", ">=", "<=", ">", "<", "!="]))
def test_plain_versions_are_always_understood(version: str, operator: str) -> None:
    package = conda.parse(f"numpy {operator}{version}")
    assert package is not None and package.version is not None
    specifier = Requirement(package.requirement).specifier
    assert specifier.contains(version) == (operator in ("", "=", "==", ">=", "<="))
