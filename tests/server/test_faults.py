"""Whole-service faults with the real v1 client: kill -9 in mid-run, two clients at once. Nothing recorded is lost."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

STEPS = {
    "src/first.py": """
        import sys
        from azureml.core import Run
        run = Run.get_context()
        open(sys.argv[1] + "/first", "a").write("x")
        run.log("found", 41)
        run.tag("colour", "blue")
    """,
    "src/second.py": """
        import os, sys, time
        open(sys.argv[1] + "/second", "a").write("x")
        print("waiting", flush=True)
        while not os.path.exists(sys.argv[1] + "/go"):
            time.sleep(0.05)
        open(os.path.join(sys.argv[2], "result.txt"), "w").write("whole")
    """,
}
PIPELINE = """
    import sys
    from azureml.core import Experiment, Workspace
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.data import OutputFileDatasetConfig
    from azureml.pipeline.core import Pipeline, PipelineData, StepSequence
    from azureml.pipeline.steps import PythonScriptStep
    ws = Workspace.from_config()
    size = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
    compute = ComputeTarget.create(ws, "cpu", size)
    store = ws.get_default_datastore()
    out = PipelineData("out", datastore=store, is_directory=True, pipeline_output_name="final")
    place = sys.argv[1]
    common = dict(source_directory="src", compute_target=compute)
    first = PythonScriptStep("first.py", name="first", arguments=[place], **common)
    second = PythonScriptStep("second.py", name="second", arguments=[place, out], outputs=[out], **common)
    run = Experiment(ws, "faults").submit(Pipeline(ws, [StepSequence([first, second])]))
    print("RUN", run.id)
"""


def wait_for(path: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)


def test_kill_9_in_mid_run_loses_nothing(own_live: LiveService, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    done = own_live.run(PIPELINE, str(place), files=STEPS)
    run_id = done.stdout.split("RUN ")[1].split()[0]
    wait_for(place / "second")
    own_live.kill()
    own_live.start()
    (place / "go").touch()
    done = own_live.run(
        """
        import sys
        from azureml.core import Experiment, Workspace
        from azureml.pipeline.core import PipelineRun
        ws = Workspace.from_config()
        run = PipelineRun.get(ws, sys.argv[1])
        print("STATUS", run.wait_for_completion(show_output=False))
        first, second = run.find_step_run("first")[0], run.find_step_run("second")[0]
        print("STEPS", first.get_status(), second.get_status(), first.get_metrics(), first.get_tags()["colour"])
        run.get_pipeline_output("final").download("down")
        import glob
        print("FILE", [open(path).read() for path in glob.glob("down/**/result.txt", recursive=True)])
        """,
        run_id,
    )
    assert "STATUS Finished" in done.stdout
    assert "STEPS Finished Finished {'found': 41} blue" in done.stdout
    assert "FILE ['whole']" in done.stdout
    assert (place / "first").read_text() == "x"
    assert (place / "second").read_text() == "xx"


def test_two_clients_at_once_lose_nothing(empty_live: LiveService, tmp_path: Path) -> None:
    script = """
        import sys, pandas
        from azureml.core import Dataset, Experiment, Workspace
        ws = Workspace.from_config()
        me = sys.argv[1]
        for number in range(5):
            run = Experiment(ws, "shared").start_logging(snapshot_directory=None)
            for step in range(10):
                run.log("value", number * 100 + step)
            run.tag("who", me)
            run.complete()
        for number in range(3):
            frame = pandas.DataFrame({"who": [me], "number": [number]})
            target = (ws.get_default_datastore(), f"in/{me}")
            Dataset.Tabular.register_pandas_dataframe(frame, target, f"set-{me}-{number}", show_progress=False)
        """
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: empty_live.run(script, name, folder=tmp_path / name), ("ann", "bob")))
    done = empty_live.run(
        """
        from azureml.core import Experiment, Workspace
        ws = Workspace.from_config()
        runs = list(Experiment(ws, "shared").get_runs())
        print("RUNS", sorted((run.get_tags()["who"], sorted(run.get_metrics()["value"])[0] % 100) for run in runs))
        print("VALUES", sorted(value for run in runs for value in run.get_metrics()["value"]))
        print("SETS", sorted(name for name in ws.datasets.keys()))
        """
    )
    values = sorted(2 * [number * 100 + step for number in range(5) for step in range(10)])
    assert f"VALUES {values}" in done.stdout
    assert f"RUNS {[('ann', 0)] * 5 + [('bob', 0)] * 5}" in done.stdout
    assert f"SETS {[f'set-{who}-{n}' for who in ('ann', 'bob') for n in range(3)]}" in done.stdout
