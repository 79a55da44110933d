"""`up --intercept`: any shell that has the variables of `amlbridge env` runs scripts with Azure's own hosts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow

_ENV = f'eval "$({sys.executable} -m amlbridge.cli.main env)"'


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A service that was started with --intercept."""
    command = Command(tmp_path_factory.mktemp("up"))
    assert "with   --intercept" in command("up", "--intercept").stdout
    yield command
    command("down", code=None)


def _shell(command: Command, program: str) -> str:
    """What a shell prints that has loaded the variables, as a notebook's would."""
    script = f"set -e\n{_ENV}\n{program}"
    env = {**command.environment, "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s", "AZURE_TENANT_ID": "t"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=command.folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_a_shell_with_the_variables_runs_scripts_unchanged(up: Command) -> None:
    folder = up.home.blobs / "shelldata" / "raw"
    folder.mkdir(parents=True)
    (folder / "table.csv").write_text("a,b\n3,4\n")
    up.write(
        "steps/call.py", "import requests; print(requests.get('https://shelldata.blob.core.windows.net/raw/f').text)"
    )
    (folder / "f").write_text("for the step")
    up.write(
        "script.py",
        """
        import os, requests
        from azure.storage.blob import BlobServiceClient
        from azureml.core import Dataset, Experiment, Workspace
        from azureml.core.authentication import ServicePrincipalAuthentication
        from azureml.core.compute import AmlCompute, ComputeTarget
        from azureml.pipeline.core import Pipeline
        from azureml.pipeline.steps import PythonScriptStep
        tenant = "0abcdef0-2222-3333-4444-555555555555"
        auth = ServicePrincipalAuthentication(tenant, os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"])
        ws = Workspace("22222222-2222-2222-2222-222222222222", "rg", "ws", auth=auth)
        print("v1", ws.name)
        service = BlobServiceClient("https://shelldata.blob.core.windows.net", credential="a2V5")
        print("blob", service.get_container_client("raw").download_blob("table.csv").readall())
        frame = Dataset.Tabular.from_delimited_files("https://shelldata.blob.core.windows.net/raw/table.csv")
        print("rslex", frame.to_pandas_dataframe().values.tolist())
        for name in ("https://example.invalid/", "https://graph.microsoft.com/v1.0/me"):
            try:
                requests.get(name, timeout=20)
            except requests.RequestException as error:
                print(name, "amlbridge stopped" in str(error))
        cluster = ComputeTarget.create(ws, "c", AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=1))
        step = PythonScriptStep("call.py", name="caller", source_directory="steps", compute_target=cluster)
        run = Experiment(ws, "intercepted").submit(Pipeline(ws, [step]))
        print("step", run.wait_for_completion(show_output=False), list(run.get_steps())[0].get_stdout_log())
        """,
    )
    out = _shell(up, f"{sys.executable} script.py")
    lines = dict(line.split(" ", 1) for line in out.splitlines() if " " in line)
    assert lines["v1"] == "ws"
    assert lines["blob"] == "b'a,b\\n3,4\\n'"
    assert lines["rslex"] == "[[3, 4]]"
    assert lines["https://example.invalid/"] == lines["https://graph.microsoft.com/v1.0/me"] == "True"
    assert lines["step"].startswith("Finished for the step")


def test_run_and_status_say_so_too(up: Command) -> None:
    up.write("vault.py", "import requests; print(requests.get('https://v.vault.azure.net/secrets/a').status_code)")
    assert up("run", "vault.py").stdout == "401\n"
    assert up.json("status", "--json")["network"] == {"intercept": True, "allowed": []}
    assert "with    --intercept" in up("status").stdout
    told = up("up", "--intercept", "--allow-host", "example.invalid")
    assert "amlbridge up --intercept --allow-host example.invalid" in told.stderr
    assert up("up").stderr == up("up", "--intercept").stderr == ""


_TRY = """
    import requests, sys
    try:
        requests.get(sys.argv[1], timeout=20)
    except requests.RequestException as error:
        print("stopped" if "amlbridge stopped" in str(error) else "tried")
"""


def test_other_traffic_only_when_the_user_says_so(amlbridge: Command) -> None:
    amlbridge.write("try.py", _TRY)
    amlbridge("up", "--intercept", "--allow-host", "example.invalid")
    tries = [f"{sys.executable} try.py https://{host}.invalid/" for host in ("example", "other")]
    assert _shell(amlbridge, "\n".join(tries)) == "tried\nstopped\n"
    amlbridge("down")
    amlbridge("up", "--intercept", "--allow-network")
    assert _shell(amlbridge, tries[1]) == "tried\n"
    amlbridge("down")
    amlbridge("up")
    # The mode is the service's that was started with it, not the folder's.
    assert "HTTPS_PROXY" not in amlbridge.json("env", "--json")


def test_mapped_urls_with_the_network_allowed(amlbridge: Command, tmp_path: Path) -> None:
    amlbridge.write("one.txt", "mapped")
    amlbridge("map", "add", "https://mapped.invalid/one.txt", "one.txt")
    amlbridge.write("read.py", "import requests; print(requests.get('https://mapped.invalid/one.txt').text)")
    amlbridge.write("try.py", _TRY)
    done = amlbridge("run", "--allow-network", "read.py")
    assert done.stdout == "mapped\n"
    assert "mapped URLs of mapped.invalid are served; others there are stopped" in done.stderr
    assert amlbridge("run", "--allow-network", "try.py", "https://other.invalid/").stdout == "tried\n"
    environment = {**amlbridge.environment, "HTTPS_PROXY": "socks5://127.0.0.1:1"}
    told = amlbridge("exec", "--allow-network", "--", "true", env=environment)
    assert "mapped URLs of mapped.invalid are NOT served to this script" in told.stderr
