"""Mocks of what SDK v1 has are told of: a test that goes on with them would test nothing, or fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from tests.migrate.project.test_exchange import write

APP = """\
from azureml.core import Workspace

ws = Workspace.from_config()


def stores():
    return list(ws.datastores)
"""


def told(folder: Path, text: str) -> tuple[str, list[tuple[str, int]]]:
    """The converted test, and what has to be done by hand in it. A second run changes nothing."""
    write(folder, {"app.py": APP, "test_app.py": text})
    after = next(report for report in run([folder], Settings(jobs=1)) if report.path.name == "test_app.py")
    (folder / "test_app.py").write_bytes(after.after)
    again = [report for report in run([folder], Settings(jobs=1)) if report.path.name == "test_app.py"]
    assert not any(report.changed for report in again)
    by_hand = [(finding.symbol, finding.line) for finding in after.findings if finding.status is Status.MANUAL]
    return after.after.decode(), by_hand


@pytest.mark.parametrize(
    "mock",
    [
        "Mock(Workspace)",
        "mock.MagicMock(spec=Workspace)",
        "create_autospec(Workspace)",
        "mocker.patch.object(Workspace, 'from_config')",
        "patch.object(Workspace, 'get', autospec=True)",
        "monkeypatch.setattr(Workspace, 'from_config', None)",
        "mocker.Mock(spec_set=Workspace)",
    ],
)
def test_a_mock_of_a_class_stays(tmp_path: Path, mock: str) -> None:
    text, by_hand = told(tmp_path, f"from azureml.core import Workspace\n\n\ndef test_it(mocker):\n    made = {mock}\n")
    assert mock in text
    assert "from azureml.core import Workspace" in text
    assert by_hand == [("Workspace", 5)]


@pytest.mark.parametrize(
    ("mock", "named"),
    [
        ("mocker.patch('azureml.core.Workspace.from_config')", "Workspace.from_config"),
        ("mocker.patch('app.Workspace')", "Workspace"),
        ("mock.patch('app.Workspace.get', None)", "Workspace.get"),
        ("monkeypatch.setattr('app.ws', None)", "ws"),
        ("monkeypatch.setattr(app, 'Workspace', None)", "Workspace"),
        ("patch.object(app, 'ws')", "ws"),
    ],
)
def test_a_text_that_names_what_is_mocked(tmp_path: Path, mock: str, named: str) -> None:
    text, by_hand = told(tmp_path, f"import app\n\n\ndef test_it(mocker):\n    {mock}\n    app.stores()\n")
    assert mock in text
    assert by_hand == [(named, 5)]


def test_what_a_patch_hands_a_test_is_no_workspace(tmp_path: Path) -> None:
    text = (
        "from unittest.mock import patch\nfrom azureml.core import Dataset\nimport app\n\n\n"
        "@patch('app.Workspace')\ndef test_it(workspace):\n    workspace.from_config.return_value.datastores = {}\n"
        "    app.stores()\n"
    )
    after, by_hand = told(tmp_path, text)
    assert "workspace.from_config.return_value.datastores = {}" in after
    assert by_hand == [("Workspace", 6)]


def test_each_place_where_the_same_is_mocked_is_told_of(tmp_path: Path) -> None:
    tests = "".join(f"@patch('app.Workspace')\ndef test_{n}(made):\n    pass\n\n\n" for n in range(3))
    text, by_hand = told(tmp_path, "import app\nfrom unittest.mock import patch\n\n\n" + tests)
    assert by_hand == [("Workspace", 5), ("Workspace", 10), ("Workspace", 15)]
    assert text.count("# TODO(amlbridge mocks): ") == 3


def test_a_comment_stands_above_the_test_once(tmp_path: Path) -> None:
    test = "@patch('app.Workspace')\n@patch('app.ws')\ndef test_it(one, other):\n    pass\n"
    text, by_hand = told(tmp_path, f"import app\nfrom unittest.mock import patch\n\n\n{test}")
    assert text.endswith(test) and len(by_hand) == 2
    assert text.count("# TODO(amlbridge mocks): ") == 1
    assert text.splitlines()[4].startswith("# TODO(amlbridge mocks): ")


def test_other_mocks_are_not_told_of(tmp_path: Path) -> None:
    lines = ["mocker.patch('app.stores')", "mocker.patch('os.getcwd')", "client.patch('app.Workspace')", "Mock(dict)"]
    text = "import app\n\n\ndef test_it(mocker):\n" + "".join(f"    {line}\n" for line in lines)
    assert told(tmp_path, text) == (text, [])
