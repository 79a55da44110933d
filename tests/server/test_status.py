"""What the service says about itself."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def live(module_live: LiveService) -> LiveService:
    """The status is that of all workspaces."""
    return module_live


def test_health_is_open_and_tells_little(live: LiveService) -> None:
    with live.client() as client:
        client.headers.pop("Authorization")
        assert set(client.get("/amlbridge/health").json()) == {"status", "pid", "version", "proof"}
        proof = client.get("/amlbridge/health?nonce=ab12").json()["proof"]
        assert live.issuer.check("amlbridge-health?ab12", proof)
        # A proof must be good for nothing else: a nonce cannot be made to look like the name of a blob.
        for nonce in ("a/b", "AB", "x" * 3, "a" * 65, "%00"):
            assert client.get("/amlbridge/health", params={"nonce": nonce}).status_code == 400
        for path in ("/amlbridge/status", "/amlbridge/runs", "/amlbridge/runs/x"):
            assert client.get(path).status_code == 401


def test_runs_with_their_children(live: LiveService) -> None:
    live.run(
        """
        from azureml.core import Workspace, Experiment
        experiment = Experiment(Workspace.from_config(), "told")
        run = experiment.start_logging(run_id="told-first", snapshot_directory=None, display_name="Parent")
        child = run.child_run("inner")
        child.fail(error_details="it broke\\nin two lines")
        run.complete()
        experiment.start_logging(run_id="told-second", snapshot_directory=None)
        """
    )
    with live.client() as client:
        runs = {run["id"]: run for run in client.get("/amlbridge/runs").json()["runs"]}
        first = runs["told-first"]
        assert (first["status"], first["experiment"], first["workspace"]) == ("Completed", "told", "ws")
        (child,) = first["steps"]
        assert "inner" in child["name"]
        assert child["status"] == "Failed"
        assert child["error"].startswith("it broke")
        later = client.get("/amlbridge/runs", params={"since": first["created"] + 0.0001}).json()["runs"]
        assert [run["id"] for run in later if run["experiment"] == "told"] == ["told-second"]
        assert client.get("/amlbridge/runs/told-f").json()["id"] == "told-first"
        assert client.get("/amlbridge/runs/told-").status_code == 400
        assert client.get("/amlbridge/runs/nothing").status_code == 404
        assert client.get("/amlbridge/runs?since=soon").status_code == 400
        # A wildcard of SQL is none here.
        assert client.get("/amlbridge/runs/told_f").status_code == 404
        status = client.get("/amlbridge/status").json()
        assert [run["id"] for run in status["running"]] == ["told-second"]
        assert [item["name"] for item in status["workspaces"]] == ["ws"]
        assert status["workspaces"][0]["running"] == 1
