"""What pytest's fixtures give is of the same SDK as the tests that get it."""

from __future__ import annotations

from pathlib import Path

from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from tests.migrate.project.test_exchange import converted, write

CONFTEST = """\
import pytest
from azureml.core import Experiment, Workspace


@pytest.fixture(scope="session", name="workspace")
def fixture_workspace():
    return Workspace.from_config()


@pytest.fixture
def nightly(workspace):
    yield Experiment(workspace, "nightly")
"""


def test_a_fixture_of_the_same_module(tmp_path: Path) -> None:
    text = (
        "import pytest\nfrom azureml.core import Workspace\n\n\n"
        "@pytest.fixture\ndef resource():\n    return Workspace.from_config()\n\n\n"
        "@pytest.fixture\ndef store(resource):\n    return resource.get_default_datastore()\n\n\n"
        "def test_store(resource, store):\n    assert resource.get_default_datastore().name == store.name\n"
        "    assert store.account_name\n\n\n"
        "class TestAll:\n    @pytest.fixture()\n    def store(self):\n        return 3\n\n"
        "    def test_its_own(self, store):\n        assert store.name\n\n"
        "    def test_of_the_module(self, resource):\n        assert resource.datasets['titanic'].version\n"
    )
    after = converted(tmp_path, {"test_all.py": text})["test_all.py"]
    assert "return resource.datastores.get_default()" in after
    assert "assert resource.datastores.get_default().name == store.name" in after
    assert 'resource.data.get("titanic", label="latest").version' in after.replace("'", '"')
    assert "azureml" not in after


def test_fixtures_of_the_folder_and_of_those_above(tmp_path: Path) -> None:
    near = "import pytest\n\n\n@pytest.fixture\ndef store(workspace):\n    return workspace.get_default_datastore()\n"
    tests = (
        "def test_store(workspace, store):\n    assert workspace.get_default_datastore().name == store.name\n\n\n"
        "def test_runs(nightly):\n    assert list(nightly.get_runs())\n\n\n"
        "def helper(workspace):\n    return workspace.get_default_datastore()\n"
    )
    files = {"tests/conftest.py": CONFTEST, "tests/unit/conftest.py": near, "tests/unit/test_store.py": tests}
    after = converted(tmp_path, files)
    assert "return workspace.datastores.get_default()" in after["tests/unit/conftest.py"]
    assert "assert workspace.datastores.get_default().name == store.name" in after["tests/unit/test_store.py"]
    assert "experiment_names=[nightly]" in after["tests/unit/test_store.py"]
    assert 'yield "nightly"' in after["tests/conftest.py"]
    assert after["tests/unit/test_store.py"].endswith("return workspace.get_default_datastore()\n")


def test_a_fixture_stays_v1_with_the_test_that_has_to(tmp_path: Path) -> None:
    files = {"conftest.py": CONFTEST, "test_it.py": "def test_it(nightly):\n    nightly.delete('x')\n"}
    write(tmp_path, files)
    reports = {report.path.name: report for report in run([tmp_path], Settings(jobs=1))}
    assert b'yield Experiment(workspace, "nightly")' in reports["conftest.py"].after
    assert "Experiment" in {
        finding.symbol for finding in reports["conftest.py"].findings if finding.status.value == "manual"
    }
