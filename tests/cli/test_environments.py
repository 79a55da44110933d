"""``--environments``: of one run, and of the service."""

from __future__ import annotations

import pytest

from tests.support.command import Command
from tests.support.wheels import wheel

pytestmark = pytest.mark.slow

_SCRIPT = """
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
ws = Workspace.from_config()
env = Environment.from_conda_specification("tiny", "conda.yml")
run = Experiment(ws, "e").submit(ScriptRunConfig("src", "show.py", compute_target="local", environment=env))
run.wait_for_completion(show_output=True)
print("MODE", run.get_properties().get("amlbridge.environments"))
"""


def test_the_mode_of_a_run_and_of_the_service(amlbridge: Command) -> None:
    wheel(amlbridge.folder / "wheels", "tinything", "1.0.0")
    amlbridge.write("submit.py", _SCRIPT)
    pip = f"  - --no-index\n  - --find-links {amlbridge.folder}/wheels\n  - tinything==1.0.0\n"
    amlbridge.write("conda.yml", f"dependencies:\n- pip:\n{pip}")
    amlbridge.write(
        "src/show.py",
        "try:\n    import tinything; print('TINY', tinything.__version__)\nexcept ImportError: print('NONE')",
    )
    amlbridge("up")
    done = amlbridge("run", "--environments", "uv", "submit.py").stdout
    assert "TINY 1.0.0" in done and "MODE uv" in done
    # Another run is not touched by it.
    done = amlbridge("run", "submit.py").stdout
    assert "NONE" in done and "MODE None" in done and "tinything==1.0.0 is asked for and not installed" in done
    told = amlbridge("up", "--environments", "uv").stderr
    assert "it was started with --environments current" in told
    amlbridge("down")
    amlbridge("up", "--environments", "uv")
    assert "MODE uv" in amlbridge("run", "submit.py").stdout
    assert "MODE None" in amlbridge("run", "--environments", "current", "submit.py").stdout
    assert "Invalid value" in amlbridge("run", "--environments", "conda", "submit.py", code=2).stderr
    assert [path.name for path in (amlbridge.home.root / "environments").glob("*.lock")]
    amlbridge("reset", "--yes")
    assert not amlbridge.home.root.exists()
