"""`pip install` in v1 commands and scripts: there for the rest of the step, and the user's environment is as it was."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest

from tests.engine.environments.test_overlay import listing
from tests.support.live import LiveService
from tests.support.wheels import wheel
from tests.v1.pipelines.scripts import HEAD, lines

pytestmark = pytest.mark.slow

SCRIPT = """
import os, subprocess, sys
wheels = sys.argv[1]
try:
    import amlbridge_alpha
except ImportError:
    install = [sys.executable, "-m", "pip", "install", "--no-index", "--find-links", wheels, "amlbridge_alpha"]
    subprocess.check_call(install)
import amlbridge_alpha
print("SCRIPT", amlbridge_alpha.__version__)
os.system(f"pip install --no-index -f {wheels} amlbridge_beta && amlbridge_no_program; conda activate x")
show = "import amlbridge_beta as b; print(b.__version__)"
print("CHILD", subprocess.check_output([sys.executable, "-c", show]).decode())
"""
USE = "print('USES', __import__('amlbridge_alpha').__version__)\n"
NONE = "import importlib.util\nprint('FOUND', importlib.util.find_spec('amlbridge_alpha'))\n"
CLIENT = """
import sys
from azureml.core import ScriptRunConfig
wheels = sys.argv[1]
install = f"pip install --no-index -f {wheels} amlbridge_alpha pandas && source activate any && python use.py"
def log(run):
    return run.get_details_with_logs()["logFiles"]
single = exp.submit(ScriptRunConfig("src", command=install, compute_target=cpu))
single.wait_for_completion()
pipeline = run([
    step("deep/main.py", "script", arguments=[wheels], allow_reuse=False),
    step("none.py", "none", allow_reuse=False),
    CommandStep(name="command", command=install, source_directory="src", compute_target=cpu, allow_reuse=False),
    CommandStep(name="fails", command="pip install --no-index amlbridge_gamma==3", source_directory="src",
                compute_target=cpu, allow_reuse=False),
], continue_on_step_failure=True)
for name, text in log(single).items():
    if name.endswith("std_log.txt"):
        print("SINGLE", single.get_status(), text.replace("\\n", "|"))
for name in ("script", "none", "command", "fails"):
    found = pipeline.find_step_run(name)[0]
    print(name.upper(), found.get_status(), found.get_stdout_log().replace("\\n", "|"))
print("WHY", pipeline.find_step_run("fails")[0].get_details()["error"]["error"]["message"].replace("\\n", "|"))
"""


def test_packages_of_commands_and_scripts(live: LiveService, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheel(wheels, "amlbridge_alpha", "1.0", ("amlbridge_beta<2", "numpy"))
    wheel(wheels, "amlbridge_beta", "1.0")
    site = Path(sysconfig.get_path("purelib"))
    before = listing(site)
    files = {"src/deep/main.py": SCRIPT, "src/use.py": USE, "src/none.py": NONE}
    done = live.run(HEAD + CLIENT, str(wheels), files=files).stdout
    assert listing(site) == before, "the user's environment was changed"
    (single,) = lines(done, "SINGLE")
    assert single.startswith("Completed") and "USES 1.0" in single
    assert "amlbridge-alpha==1.0, amlbridge-beta==1.0: put into" in single
    assert f"amlbridge chose the interpreter of this step: {sys.executable}" in single
    (script,) = lines(done, "SCRIPT")
    assert script.startswith("Finished") and "SCRIPT 1.0" in script and "CHILD 1.0" in script
    assert "amlbridge-beta==1.0: taken from" in script or "already there: amlbridge_beta" in script
    (command,) = lines(done, "COMMAND")
    assert command.startswith("Finished") and "USES 1.0" in command and "taken from" in command
    assert lines(done, "NONE") == ["Finished FOUND None|"]
    assert "cannot install amlbridge_gamma==3" in lines(done, "FAILS")[0]
    assert "amlbridge_gamma" in lines(done, "WHY")[0]
