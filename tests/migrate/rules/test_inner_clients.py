"""Records of runs that are made before a script is submitted."""

from __future__ import annotations

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
