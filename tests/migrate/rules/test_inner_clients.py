"""Records of runs that are made before a script is submitted."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml._restclient.models.create_run_dto import CreateRunDto
from azureml._restclient.run_client import RunClient
from azureml.core import Workspace

ws = Workspace.from_config()
client = RunClient(ws.service_context, "churn", NEW_ID)
"""


def test_a_record_that_nothing_reads_goes() -> None:
    found = convert(HEAD + "client.create_run(run_id=NEW_ID, create_run_dto=CreateRunDto(run_id=NEW_ID))\nprint(1)\n")
    assert "azureml" not in found.text and "\nclient =" not in found.text and found.text.endswith("print(1)\n")
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}


def test_a_record_that_is_read_stays() -> None:
    found = convert(HEAD + "made = client.create_run(run_id=NEW_ID)\nprint(made)\n")
    assert "made = client.create_run(run_id=NEW_ID)\n" in found.text and "client = RunClient(" in found.text
    assert {f.symbol for f in found.findings if f.status is Status.NO_EQUIVALENT} >= {
        "RunClient",
        "RunClient.create_run",
    }


def test_other_operations_of_the_client_keep_it() -> None:
    found = convert(HEAD + "client.create_run(run_id=NEW_ID)\nprint(client.get_run())\n")
    assert "client = RunClient(" in found.text


@pytest.mark.parametrize(
    "code",
    [
        "import azureml._restclient.snapshots_client\n\nazureml._restclient.snapshots_client.{} = 10 * 10**9\n",
        "from azureml._restclient import snapshots_client\n\nsnapshots_client.{} = 10\n",
        "import azureml._restclient.snapshots_client as client\n\nclient.{} = 10\n",
    ],
)
@pytest.mark.parametrize("name", ["SNAPSHOT_MAX_SIZE_BYTES", "SNAPSHOT_MAX_FILES"])
def test_a_limit_of_snapshots_that_is_raised_goes(code: str, name: str) -> None:
    found = convert(code.format(name) + "print('ready')\n")
    assert found.text.strip() == "print('ready')"
    assert [(finding.symbol, finding.status) for finding in found.findings] == [(name, Status.REVIEW)]


def test_a_limit_that_is_read_stays() -> None:
    code = """\
import azureml._restclient.snapshots_client as client

client.SNAPSHOT_MAX_SIZE_BYTES = 10
print(client.SNAPSHOT_MAX_SIZE_BYTES)
"""
    found = convert(code)
    assert "client.SNAPSHOT_MAX_SIZE_BYTES = 10" in found.text
    assert {finding.status for finding in found.findings} == {Status.NO_EQUIVALENT}
