"""The doctor's look at installed packages, with versions that this environment has not."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.cli import checks
from amlbridge.server.home import Home

_GOOD = {
    **dict.fromkeys(checks._SERVICE, "1.0"),
    **dict.fromkeys(checks._V1, "1.61.0"),
    "azure-ai-ml": "1.35.0",
    "azure-identity": "1.19",
    "sqlalchemy": "2.0.40",
    "setuptools": "80.9",
    "mlflow": "2.22.5",
    "pandas": "2.3.3",
}


def _problems(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> list[checks.Finding]:
    versions = {**_GOOD, **{name.replace("_", "-"): version for name, version in changes.items()}}
    monkeypatch.setattr(checks, "_version", versions.get)
    return [item for item in checks._packages(Home(Path("x"))) if item.state == "PROBLEM"]


def test_good_versions_are_good(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _problems(monkeypatch) == []


@pytest.mark.parametrize(
    ("name", "version", "do"),
    [
        ("setuptools", "81.0.0", "pip install 'setuptools<81'"),
        ("setuptools", None, "pip install 'setuptools<81'"),
        ("mlflow", "3.0.0rc1", "pip install 'mlflow<3'"),
        ("sqlalchemy", "2.1.0b1", "pip install 'sqlalchemy<2.1'"),
        ("pandas", "3.0", "pip install 'pandas<3'"),
        ("uvicorn", None, "pip install 'amlbridge[v1]'"),
        ("azureml_pipeline_core", None, "pip install 'amlbridge[v1]'"),
    ],
)
def test_each_wrong_version_is_told(monkeypatch: pytest.MonkeyPatch, name: str, version: str | None, do: str) -> None:
    (problem,) = _problems(monkeypatch, **{name: version})
    assert problem.do == do
