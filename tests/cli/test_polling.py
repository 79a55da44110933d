"""A script of SDK v2 does not sleep between its questions; one of SDK v1 never sees the variables that do that."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.cli import polling

V1, V2 = "from azureml.core import Workspace\n", "from azure.ai.ml import MLClient\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"main.py": V2}, True),
        ({"main.py": V2, "steps/train.py": "import mlflow\n"}, True),
        ({"main.py": V1}, False),
        ({"main.py": "print(1)\n"}, False),
        ({"main.py": V1 + V2}, False),
        ({"main.py": V2, "helpers.py": V1}, False),
        ({"main.py": V2, "ml_service/pipelines.py": "import azureml.pipeline.core\n"}, False),
    ],
)
def test_only_scripts_of_v2_alone(tmp_path: Path, files: dict[str, str], expected: bool) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert polling.variables(tmp_path / "main.py", {}) == (polling.NO_SLEEP if expected else {})


def test_what_the_user_has_set_stays(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(V2)
    assert polling.variables(tmp_path / "main.py", {"AZUREML_RUN_POLLING_INTERVAL_MAX": "30"}) == {}
    assert polling.variables(None, {}) == {}
    assert polling.variables(tmp_path / "gone.py", {}) == {}
