"""Cancelling a pipeline run at the two addresses that clients know."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.support.live import LiveService
from tests.v1.graphs import module, node

pytestmark = pytest.mark.slow

_ENDED = ("2", "3", "4")


class _Pipelines:
    """The pipelines service, as a client without an SDK asks it."""

    def __init__(self, live: LiveService, client: httpx.Client) -> None:
        self.client, self.base = client, f"/pipelines/v1.0{live.scope()}"
        body = {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_D2_V2"}}
        answer = client.put(f"{live.scope()}/computes/cpu", json={"location": "local", "properties": body})
        assert answer.status_code in (200, 201)

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """An answer."""
        return self.client.request(method, f"{self.base}{path}", json=body)

    def started(self, program: str, *arguments: str) -> str:
        """A run of one step."""
        document = module("step", [])
        del document["StorageId"]
        document["StructuredInterface"]["Outputs"][0]["DataStoreName"] = "workspaceblobstore"
        document["StructuredInterface"]["Arguments"] = [
            {"ValueType": "Literal", "Value": argument} for argument in arguments
        ]
        made = self.ask("POST", "/Modules", document).json()
        parameters = [{"Name": "Command", "ValueType": "0", "Value": program}]
        creation = {
            "CreationInfo": {},
            "Graph": {"ModuleNodes": [node("a", made["Id"], ModuleParameters=parameters)]},
            "GraphInterface": {},
        }
        new = "/PipelineRuns/Unsubmitted/CreationInfoWithGraph?experimentName=cancels"
        answer = self.ask("POST", new, creation)
        assert answer.status_code == 200, answer.text
        run_id: str = answer.json()["Id"]
        assert self.ask("POST", f"/PipelineRuns/{run_id}/Cancel").status_code == 409, "it has not been submitted"
        assert self.ask("POST", f"/PipelineRuns/Submit/{run_id}").status_code == 200
        return run_id

    def state(self, run_id: str) -> str:
        """The status code of a run."""
        code: str = self.ask("GET", f"/PipelineRuns/{run_id}").json()["Status"]["StatusCode"]
        return code

    def wait(self, run_id: str, states: tuple[str, ...]) -> str:
        """The status code, once it is one of these."""
        deadline = time.monotonic() + 60
        while (state := self.state(run_id)) not in states:
            assert time.monotonic() < deadline, state
            time.sleep(0.05)
        return state


@pytest.mark.parametrize("body", [None, {}])
def test_posting_cancel_ends_a_run(live: LiveService, body: Any) -> None:
    with live.client() as client:
        pipelines = _Pipelines(live, client)
        run_id = pipelines.started("sleep", "600")
        assert pipelines.ask("POST", f"/PipelineRuns/{run_id}/Cancel", body).status_code == 200
        assert pipelines.wait(run_id, _ENDED) == "4"
        assert pipelines.ask("POST", f"/PipelineRuns/{run_id}/Cancel", body).status_code == 200, "twice is no error"
        assert pipelines.ask("DELETE", f"/PipelineRuns/{run_id}/Execution").status_code == 200
        finished = pipelines.started("true")
        assert pipelines.wait(finished, _ENDED) == "3"
        pipelines.ask("POST", f"/PipelineRuns/{finished}/Cancel", body)
        assert pipelines.state(finished) == "3"
        assert pipelines.ask("POST", "/PipelineRuns/none/Cancel", body).status_code == 404
    answer = httpx.post(f"{live.url}/pipelines/v1.0{live.scope()}/PipelineRuns/{run_id}/Cancel")
    assert answer.status_code == 401
