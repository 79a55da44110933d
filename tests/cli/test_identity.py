"""Every way to sign in that needs no interception: default, managed identity, a tenant of one's own, the Azure CLI."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.support.command import Command, python_with

pytestmark = pytest.mark.slow

_TENANT = "0abcdef0-2222-3333-4444-555555555555"
_AZURE_CLI = """
    from azureml.core import Workspace
    from azureml.core.authentication import AzureCliAuthentication
    auth = AzureCliAuthentication()
    print(Workspace("66666666-2222-2222-2222-222222222222", "rg", "azcli", auth=auth).name)
"""


def test_script_that_names_its_own_tenant(shared: Command) -> None:
    shared.write(
        "tenant/login.py",
        """
        import jwt
        MY_TENANT = "0abcdef0-2222-3333-4444-555555555555"
        from azureml.core import Workspace
        from azureml.core.authentication import InteractiveLoginAuthentication, MsiAuthentication
        auth = InteractiveLoginAuthentication(tenant_id=MY_TENANT)
        ws = Workspace("33333333-2222-2222-2222-222222222222", "rg", "mine", auth=auth)
        token = auth.get_token().token
        print(type(auth._ambient_auth).__name__, jwt.decode(token, options={"verify_signature": False})["tid"], ws.name)
        print(sorted(Workspace.list("33333333-2222-2222-2222-222222222222", auth=auth)))
        print(Workspace("33333333-2222-2222-2222-222222222222", "rg", "mine", auth=MsiAuthentication()).name)
        print(Workspace.get("mine", subscription_id="33333333-2222-2222-2222-222222222222", resource_group="rg").name)
        """,
    )
    # The service reads the script in the command line of its process, which a fork does not have.
    done = shared("run", "--python", sys.executable, "tenant/login.py")
    assert done.stdout.splitlines() == [f"MsiAuthentication {_TENANT} mine", "['mine']", "mine", "mine"]
    assert "interactive" not in done.stdout + done.stderr


def test_credential_of_the_azure_cli(shared: Command) -> None:
    shared.write(
        "cli/az.py",
        """
        import jwt, subprocess
        from azure.ai.ml import MLClient
        from azure.identity import AzureCliCredential
        def tid(token):
            return jwt.decode(token.token, options={"verify_signature": False})["tid"]
        print(tid(AzureCliCredential().get_token("https://management.azure.com/.default")))
        print(tid(AzureCliCredential(tenant_id="0abcdef0-2222-3333-4444-555555555555").get_token("https://x/.default")))
        subscription = "44444444-2222-2222-2222-222222222222"
        print(MLClient(AzureCliCredential(), subscription, "rg", "byaz").workspaces.get("byaz").name)
        def az(*words):
            done = subprocess.run(["az", *words], capture_output=True, text=True)
            print(done.returncode, (done.stdout or done.stderr).strip()[:200])
        az("account", "show", "--query", "tenantId", "-o", "tsv")
        az("account", "show", "-s", "nowhere")
        az("account", "list", "-o", "table")
        az("account", "get-access-token", "--query", "tokenType", "-o", "tsv")
        az("ml", "job", "list")
        """,
    )
    # Without a CLI of the user's own on the PATH.
    kept = [item for item in os.environ["PATH"].split(os.pathsep) if shutil.which("az", path=item) is None]
    path = os.pathsep.join(kept)
    lines = shared("run", "cli/az.py", env={**shared.environment, "PATH": path}).stdout.splitlines()
    assert lines[1:3] == [_TENANT, "byaz"]
    assert lines[3] == f"0 {lines[0]}"
    assert lines[4].startswith("1 ERROR: amlbridge: The subscription of 'nowhere' doesn't exist")
    assert lines[5].startswith("1 ERROR: amlbridge: --output table")
    assert lines[6] == "0 Bearer"
    assert lines[7].startswith("2 ERROR: amlbridge: 'az ml job' needs the Azure CLI")


def test_own_azure_cli_gets_what_ours_does_not_serve(shared: Command) -> None:
    tool = shared.write("own/az", '#!/bin/sh\necho "own: $@"\n')
    tool.chmod(0o700)
    path = f"{tool.parent}{os.pathsep}{os.environ['PATH']}"
    shared.write("own/call.py", "import subprocess; subprocess.run(['az', 'ml', 'job', 'list'], check=True)")
    assert shared("run", "own/call.py", env={**shared.environment, "PATH": path}).stdout == "own: ml job list\n"


def test_profile_of_the_azure_cli_names_the_scripts_subscription_and_tenant(shared: Command) -> None:
    """What azure-cli-core reads for ``AzureCliAuthentication``."""
    shared.write("profile.py", f'subscription_id = "55555555-2222-2222-2222-222222222222"; tenant_id = "{_TENANT}"')
    shared("run", "profile.py")
    content = json.loads((shared.home.azure_config / "azureProfile.json").read_text())
    found = {item["id"]: item for item in content["subscriptions"]}
    item = found["55555555-2222-2222-2222-222222222222"]
    assert (item["tenantId"], item["environmentName"], item["state"]) == (_TENANT, "AzureCloud", "Enabled")
    assert item["user"]["assignedIdentityInfo"] == "MSI"
    assert sum(one["isDefault"] for one in found.values()) == 1


def test_azure_cli_authentication(shared: Command) -> None:
    python = python_with("azure.cli.core")
    shared.write("azcli.py", _AZURE_CLI)
    assert shared("run", "--python", python, "azcli.py").stdout.splitlines()[-1] == "azcli"


def test_azure_cli_authentication_without_its_package(shared: Command) -> None:
    """The client itself says what is missing."""
    if importlib.util.find_spec("azure.cli") is not None:
        pytest.skip("azure-cli-core is installed")
    shared.write("azcli.py", _AZURE_CLI)
    done = shared("run", "azcli.py", code=1)
    assert "AzureCliAuthentication requires azure-cli>=2.30.0 to be installed" in done.stderr


def test_a_shell_is_signed_in_to_the_azure_cli(shared: Command) -> None:
    """`eval "$(amlbridge env)"`, without a CLI of the user's own on the PATH."""
    shared.write(
        "shell/main.py",
        """
        from azure.ai.ml import MLClient
        from azure.identity import AzureCliCredential
        credential = AzureCliCredential()
        print(MLClient(credential, "77777777-2222-2222-2222-222222222222", "rg", "shell").workspaces.get("shell").name)
        """,
    )
    twice = f'eval "$({sys.executable} -m amlbridge.cli.main env)"\n' * 2
    script = shared.write("shell/run.sh", f'{twice}{sys.executable} shell/main.py\necho "$PATH"\n')
    kept = [item for item in os.environ["PATH"].split(os.pathsep) if shutil.which("az", path=item) is None]
    environment = {**shared.environment, "PATH": os.pathsep.join(kept)}
    done = subprocess.run(
        ["bash", str(script)], cwd=shared.folder, env=environment, capture_output=True, text=True, check=True
    )
    name, path = done.stdout.splitlines()[-2:]
    assert name == "shell", done.stderr
    assert path.split(os.pathsep) == [str(shared.home.tools), *kept]
    assert "PATH" not in shared.json("env", "--json")
