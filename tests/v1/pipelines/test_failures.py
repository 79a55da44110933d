"""What a user sees of steps that fail and of runs that are cancelled."""

from __future__ import annotations

import ast

import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import FILES, HEAD, lines

pytestmark = pytest.mark.slow


def test_failure_continue_and_cancel(live: LiveService) -> None:
    done = live.run(
        HEAD
        + """
bad, after, free = step("bad.py", "bad"), step("ok.py", "after"), step("ok.py", "free")
after.run_after(bad)
failed = exp.submit(Pipeline(ws, [after]))
attempt("FAILED", lambda: failed.wait_for_completion(show_output=True))
print("STATUS", failed.get_status(), [item.get_status() for item in failed.find_step_run("bad")])
print("LOG", failed.find_step_run("bad")[0].get_stdout_log().replace(chr(10), " "))
details = failed.find_step_run("bad")[0].get_details_with_logs()
message = details["error"]["error"]["message"]
print("DETAILS", "boom in step" in details["logFiles"]["STDOUT"], "boom in step" in message)
bad, after, free = step("bad.py", "bad"), step("ok.py", "after"), step("ok.py", "free")
after.run_after(bad)
later = step("ok.py", "later")
later.run_after(free)
went_on = run([after, later], continue_on_step_failure=True)
print("WENT_ON", went_on.get_status(), statuses(went_on))
slow = exp.submit(Pipeline(ws, [step("slow.py", "slow")]))
while not any("started" in item.get_stdout_log() for item in slow.get_steps()):
    time.sleep(0.2)
slow.cancel()
slow.wait_for_completion(show_output=False, raise_on_error=False)
print("CANCELLED", slow.get_status(), statuses(slow))
slow.cancel()
print("STILL", slow.get_status())
ordered = run([StepSequence([step("ok.py", "one"), step("ok.py", "two"), step("ok.py", "three")])])
times = {item.get_details()["startTimeUtc"]: item.name for item in ordered.get_steps()}
print("ORDER", [times[key] for key in sorted(times)])
""",
        files={**FILES, "src/slow.py": "import time\nprint('started', flush=True)\ntime.sleep(600)\n"},
    ).stdout
    assert "ValueError: boom in step" in lines(done, "FAILED")[0]
    assert "exit code 1" in lines(done, "FAILED")[0]
    assert lines(done, "STATUS") == ["Failed ['Failed']"]
    assert lines(done, "LOG")[0].startswith("before Traceback (most recent call last):")
    assert lines(done, "DETAILS") == ["True True"]
    status, _, steps = lines(done, "WENT_ON")[0].partition(" ")
    assert status == "Failed"
    found = dict(ast.literal_eval(steps))
    assert (found["bad"], found["free"], found["later"]) == ("Failed", "Finished", "Finished")
    assert found.get("after") in (None, "Canceled")
    assert lines(done, "CANCELLED") == ["Canceled [('slow', 'Canceled')]"]
    assert lines(done, "STILL") == ["Canceled"]
    assert lines(done, "ORDER") == ["['one', 'two', 'three']"]


def test_what_cannot_run_is_refused_when_it_is_submitted(live: LiveService) -> None:
    done = live.run(
        HEAD
        + """
from azureml.pipeline.steps import MpiStep, RScriptStep
from azureml.core.environment import RSection
store.upload_files(["data.csv"], target_path="in", show_progress=False)
before = len(list(exp.get_runs()))
nowhere = PythonScriptStep("ok.py", name="lost", source_directory="src", compute_target=("nope", "AmlCompute"))
attempt("COMPUTE", lambda: run([nowhere]))
open("src/.amlignore", "w").write("ok.py")
attempt("SCRIPT", lambda: run([step("ok.py", "hidden")]))
os.remove("src/.amlignore")
attempt("TYPE", lambda: run([step("ok.py", "x", arguments=[PipelineParameter("n", 5)])], {"n": True}))
r = RunConfiguration()
r.framework, r.environment.docker.enabled, r.environment.r = "R", True, RSection()
attempt("R", lambda: run([RScriptStep("ok.py", name="r", source_directory="src", compute_target=cpu, runconfig=r)]))
attempt("MPI", lambda: run([MpiStep(name="mpi", source_directory="src", script_name="ok.py", arguments=["a"],
                                    compute_target=cpu, node_count=100, process_count_per_node=2)]))
attempt("GONE", lambda: PipelineRun.get(ws, "gone"))
print("RECORDED", len(list(exp.get_runs())) - before)
""",
        files=FILES,
    ).stdout
    assert "step 'lost': there is no compute target 'nope' in the workspace ws" in lines(done, "COMPUTE")[0]
    assert "step 'hidden': the script 'ok.py' is not in its source directory" in lines(done, "SCRIPT")[0]
    assert "the pipeline parameter 'n' must be a whole number, not 'True'" in lines(done, "TYPE")[0]
    assert "step 'r' (RScriptStep) cannot run on this machine" in lines(done, "R")[0]
    assert "step 'mpi' wants 200 processes; amlbridge starts at most 128 for a step" in lines(done, "MPI")[0]
    assert "there is no pipeline run gone" in lines(done, "GONE")[0]
    assert lines(done, "RECORDED") == ["0"]
