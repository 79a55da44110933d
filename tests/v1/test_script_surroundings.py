"""What a step's script finds around it: its own modules, and words for what is missing."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import HEAD, lines

pytestmark = pytest.mark.slow

DEEP = """
import beside, sys
from util.helper import ROOT
print("FOUND", beside.NAME, ROOT, __import__("json").__name__)
import subprocess
subprocess.run([sys.executable, "-c", "from util.helper import ROOT; print('CHILD', ROOT)"], check=True)
"""
FILES = {
    "src/deep/main.py": DEEP,
    "src/deep/beside.py": "NAME = 'beside'\n",
    "src/deep/json.py": "",
    "src/util/__init__.py": "",
    "src/util/helper.py": "ROOT = 'root'\n",
    "src/torched.py": "import a_package_of_nobody\n",
    "src/app.sh": "a_program_of_nobody --fast\n",
}


def test_modules_of_the_source_directory_and_what_is_missing(live: LiveService) -> None:
    done = live.run(
        HEAD
        + """
from azureml.core import ScriptRunConfig
def told(run):
    return run.get_details()["error"]["error"]["message"].splitlines()[0]
deep = run([step("deep/main.py", "deep")]).find_step_run("deep")[0]
print("PIPELINE", deep.get_status(), deep.get_stdout_log().split())
single = exp.submit(ScriptRunConfig("src", script="deep/main.py", compute_target=cpu))
single.wait_for_completion()
print("SINGLE", single.get_status())
missing = run([step("torched.py", "torched")]).find_step_run("torched")[0]
print("MODULE", told(missing))
app = run([CommandStep(name="app", command="bash app.sh", source_directory="src", compute_target=cpu)])
print("PROGRAM", told(app.find_step_run("app")[0]))
""",
        files=FILES,
    ).stdout
    assert lines(done, "PIPELINE") == ["Finished ['FOUND', 'beside', 'root', 'json', 'CHILD', 'root']"]
    assert lines(done, "SINGLE") == ["Completed"]
    module = lines(done, "MODULE")[0]
    assert module.startswith(
        "the script ended with exit code 1: ModuleNotFoundError: No module named 'a_package_of_nobody'. If "
    )
    assert "--environments uv" in module and "source_directory" in module
    program = lines(done, "PROGRAM")[0]
    assert "exit code 127: " in program and "a_program_of_nobody: command not found." in program
    assert "without containers" in program
