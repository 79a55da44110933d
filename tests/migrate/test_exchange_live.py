"""A program of several modules and its conversion give the same on the workspace service, with the real clients."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

import pytest

from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from amlbridge.migrate.write import write_all
from tests.support.live import LiveService

FILES = {
    "spaces.py": """\
        from azureml.core import Workspace


        def load_workspace():
            return Workspace.from_config()
        """,
    "computes.py": """\
        from azureml.core import Workspace
        from azureml.core.compute import AmlCompute, ComputeTarget
        from azureml.core.compute_target import ComputeTargetException


        def get_compute(workspace: Workspace, name: str):
            try:
                return ComputeTarget(workspace=workspace, name=name)
            except ComputeTargetException:
                config = AmlCompute.provisioning_configuration(vm_size="STANDARD_DS3_V2", max_nodes=2)
                cluster = ComputeTarget.create(workspace, name, config)
                cluster.wait_for_completion(show_output=False)
                return cluster
        """,
    "environments.py": """\
        from azureml.core import Environment


        def get_environment(name):
            environment = Environment(name)
            return environment
        """,
    "stays.py": """\
        # amlbridge: ignore-file
        from azureml.core import Workspace


        def stores(ws: Workspace):
            return sorted(ws.datastores)
        """,
    "pipeline.py": """\
        import computes
        from azureml.core import Experiment
        from azureml.core.runconfig import RunConfiguration
        from azureml.pipeline.core import Pipeline
        from azureml.pipeline.steps import PythonScriptStep
        from environments import get_environment
        from spaces import load_workspace
        from stays import stores

        ws = load_workspace()
        print("stores", stores(ws))
        cluster = computes.get_compute(ws, "cluster")
        print("compute", cluster.name, "cluster" in ws.compute_targets)
        config = RunConfiguration()
        config.environment = get_environment("steps")
        hello = PythonScriptStep("hello.py", name="hello", source_directory="steps", compute_target=cluster,
                                 runconfig=config, allow_reuse=False)
        steps = [hello]
        if "nothing" in stores(ws):
            never = PythonScriptStep("never.py", name="never", source_directory="steps", compute_target=cluster,
                                     runconfig=config, allow_reuse=False)
            steps.append(never)
        pipeline = Pipeline(workspace=ws, steps=steps)
        run = Experiment(ws, "modules").submit(pipeline)
        run.wait_for_completion(show_output=False)
        print("children", len(list(run.get_children())))
        """,
    "steps/hello.py": 'print("hello")\n',
    "steps/never.py": "raise SystemExit('never')\n",
}


def told(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith(("stores", "compute", "children"))]


@pytest.mark.slow
def test_a_program_of_several_modules_gives_the_same(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for name, text in FILES.items():
        (before / name).parent.mkdir(parents=True, exist_ok=True)
        (before / name).write_text(textwrap.dedent(text))
    shutil.copytree(before, after)
    write_all(run([after], Settings(jobs=1)), [after])
    text = (after / "pipeline.py").read_text()
    assert "stores(ws)" in text and "computes.get_compute(ml_client" in text, "both SDKs' objects go where they belong"
    live = LiveService(tmp_path / "service")
    try:
        v1 = live.run((before / "pipeline.py").read_text(), folder=before, workspace="one")
        v2 = live.run(text, folder=after, workspace="two")
    finally:
        live.stop()
    assert told(v1.stdout)[1:] == ["compute cluster True", "children 1"]
    assert told(v2.stdout) == told(v1.stdout)
