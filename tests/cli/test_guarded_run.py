"""A script that would reach a real Azure host is stopped, and the host is named."""

from __future__ import annotations

import pytest

from amlbridge.server.lifecycle import process_mark
from tests.support.command import Command
from tests.support.upstream import upstream_proxy

pytestmark = pytest.mark.slow

_CLIENTS = {
    "requests": (
        "management.azure.com",
        """
        import requests
        requests.get("https://management.azure.com/subscriptions", timeout=30)
        """,
    ),
    "azure-identity": (
        "login.microsoftonline.com",
        """
        from azure.identity import ClientSecretCredential
        ClientSecretCredential("11111111-2222-3333-4444-555555555555", "c", "s").get_token("https://x/.default")
        """,
    ),
    "interactive login of SDK v1": (
        "login.microsoftonline.com",
        """
        import os
        for name in ("MSI_ENDPOINT", "ARM_CLOUD_METADATA_URL", "AZUREML_CURRENT_CLOUD"):
            os.environ.pop(name)
        from azureml.core import Workspace
        Workspace.from_config()
        """,
    ),
    "rslex": (
        "dprepdata.blob.core.windows.net",
        """
        from azureml.core import Dataset
        data = Dataset.Tabular.from_delimited_files("https://dprepdata.blob.core.windows.net/demo/Titanic.csv")
        print(data.to_pandas_dataframe())
        """,
    ),
    "plain http": (
        "example.blob.core.windows.net",
        """
        import urllib.request
        urllib.request.urlopen("http://example.blob.core.windows.net/c/b", timeout=30)
        """,
    ),
}


@pytest.mark.parametrize("client", list(_CLIENTS))
def test_real_clients_are_stopped(shared: Command, client: str) -> None:
    host, script = _CLIENTS[client]
    shared.write("call.py", script)
    done = shared("run", "call.py", code=86)
    assert f"stopped the connection to {host}" in done.stderr
    assert f"--allow-host {host}" in done.stderr


def test_script_that_hides_the_error_is_ended(shared: Command) -> None:
    shared.write(
        "hide.py",
        """
        import subprocess, sys, time, requests
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print(child.pid, flush=True)
        try:
            requests.get("https://management.azure.com/", timeout=30)
        except requests.RequestException as error:
            print(error, flush=True)
        time.sleep(60)
        """,
    )
    done = shared("run", "hide.py", code=86)
    assert "amlbridge stopped the connection to management.azure.com" in done.stdout
    assert process_mark(int(done.stdout.split()[0])) is None


def test_telemetry_is_refused_and_the_script_goes_on(shared: Command) -> None:
    shared.write(
        "telemetry.py",
        """
        import requests
        for _ in range(2):
            try:
                requests.post("https://dc.services.visualstudio.com/v2/track", json=[], timeout=30)
            except requests.RequestException:
                pass
        print("went on")
        """,
    )
    done = shared("run", "telemetry.py")
    assert done.stdout == "went on\n"
    assert done.stderr.count("refused a background connection to dc.services.visualstudio.com") == 1


def test_local_workspace_is_reached_beside_the_guard(shared: Command) -> None:
    shared.write(
        "both.py",
        """
        from azure.identity import DefaultAzureCredential
        from azureml.core import Workspace
        print(Workspace.from_config().name, len(DefaultAzureCredential().get_token("https://x/.default").token) > 100)
        """,
    )
    done = shared("run", "both.py")
    assert done.stdout == "local True\n"


def test_allowed_host_goes_through_the_users_own_proxy(shared: Command) -> None:
    with upstream_proxy() as (port, seen):
        environment = {**shared.environment, "HTTP_PROXY": f"http://me:secret@127.0.0.1:{port}"}
        shared.write(
            "get.py",
            """
            import urllib.request
            print(urllib.request.urlopen("http://data.blob.core.windows.net/c/b", timeout=30).read().decode())
            """,
        )
        shared("run", "get.py", code=86, env=environment)
        assert seen == []
        done = shared("run", "--allow-host", "data.blob.core.windows.net", "get.py", env=environment)
    assert done.stdout == "from the proxy\n"
    assert seen == [("GET", "http://data.blob.core.windows.net/c/b", "Basic bWU6c2VjcmV0")]


def test_step_that_calls_azure_fails_and_is_named(shared: Command) -> None:
    shared.write("steps/call.py", "import requests; requests.get('https://graph.microsoft.com/v1.0/me', timeout=30)")
    shared.write(
        "pipeline.py",
        """
        from azureml.core import Experiment, Workspace
        from azureml.core.compute import AmlCompute, ComputeTarget
        from azureml.pipeline.core import Pipeline
        from azureml.pipeline.steps import PythonScriptStep
        ws = Workspace.from_config()
        cluster = ComputeTarget.create(ws, "c", AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=1))
        step = PythonScriptStep("call.py", name="caller", source_directory="steps", compute_target=cluster)
        run = Experiment(ws, "guarded").submit(Pipeline(ws, [step]))
        print(run.wait_for_completion(show_output=False, raise_on_error=False))
        """,
    )
    done = shared("run", "pipeline.py")
    assert "Failed" in done.stdout
    assert "stopped a step's connection to graph.microsoft.com" in done.stderr
    (run,) = [line.split()[2] for line in done.stderr.splitlines() if line.startswith("pipeline run ")]
    assert shared.json("status", run, "--json")["steps"][0]["stopped_hosts"] == ["graph.microsoft.com"]
