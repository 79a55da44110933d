"""`status`, `env` and the help pages."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from amlbridge.server.client_environment import UNSET
from tests.support.command import Command

pytestmark = pytest.mark.slow


def test_status_of_a_service(shared: Command) -> None:
    content = shared.json("status", "--json")
    assert content["state"] == "up"
    # Idle memory without warm workers; 120 MB is the bound of issue 2.
    assert content["memory"]["pss"] < 120 * 1024 * 1024
    text = shared("status").stdout
    assert content["http_url"] in text
    assert "\x1b" not in text
    assert "there is no run nothing" in shared("status", "nothing", code=1).stderr


def test_env_in_a_shell_reaches_the_service(shared: Command) -> None:
    names = ["MSI_ENDPOINT", "AZUREML_CURRENT_CLOUD", *UNSET]
    shared.write("show.py", f"import os, json; print(json.dumps({{k: os.environ.get(k) for k in {names}}}))")
    program = f"""
        export AZURE_TENANT_ID=stale
        eval "$({sys.executable} -m amlbridge.cli.main env)"
        {sys.executable} show.py
    """
    script = shared.write("env.sh", program)
    env = {**shared.environment, "MSI_SECRET": "stale"}
    out = subprocess.run(
        ["bash", str(script)], cwd=shared.folder, env=env, capture_output=True, text=True, check=True
    ).stdout
    seen = json.loads(out)
    printed = shared.json("env", "--json")
    assert all(seen[name] == printed[name] is not None for name in ("MSI_ENDPOINT", "AZUREML_CURRENT_CLOUD"))
    assert all(seen[name] is None for name in UNSET)


def test_env_formats_say_the_same(shared: Command) -> None:
    values = {name: value for name, value in shared.json("env", "--format", "json").items() if value is not None}
    dotenv = shared("env", "--format", "dotenv").stdout.splitlines()
    assert dict(line.split("=", 1) for line in dotenv if "=" in line and line[0] != "#") == {
        name: f'"{value}"' for name, value in values.items()
    }
    powershell = shared("env", "--format", "powershell").stdout
    assert all(f"$env:{name} = '{value}'" in powershell for name, value in values.items())
    assert "Remove-Item Env:MSI_SECRET" in powershell
    assert "HTTPS_PROXY" not in values
    assert "@127.0.0.1" in shared.json("env", "--guard", "--json")["HTTPS_PROXY"]


def test_env_without_a_service(amlbridge: Command) -> None:
    failed = amlbridge("env", code=69)
    assert failed.stdout == ""
    assert "amlbridge up" in failed.stderr


@pytest.mark.parametrize("command", ["up", "down", "status", "env", "doctor", "reset", "run", "exec"])
def test_every_command_has_an_example(shared: Command, command: str) -> None:
    text = shared(command, "--help").stdout
    assert f"  amlbridge {command}" in text.partition("Example")[2]


def test_help_imports_nothing_heavy(shared: Command) -> None:
    program = (
        "import sys; sys.argv = ['amlbridge', '--help']\n"
        "from amlbridge.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m for m in ('sqlalchemy', 'rich', 'uvicorn', 'jwt', 'psutil', 'httpx') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert out.stdout.splitlines()[-1] == "[]"


def test_unknown_command_is_a_usage_error(shared: Command) -> None:
    assert "No such command" in shared("migrate-me", code=2).stderr
