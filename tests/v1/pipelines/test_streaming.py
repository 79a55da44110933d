"""A client that follows a pipeline sees what its steps print, quick as they may be."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow


def test_quick_steps_are_shown_whole(live: LiveService) -> None:
    done = live.run(
        """
        from azureml.core import Experiment, Workspace
        from azureml.core.compute import AmlCompute, ComputeTarget
        from azureml.pipeline.core import Pipeline, StepSequence
        from azureml.pipeline.steps import PythonScriptStep
        ws = Workspace.from_config()
        size = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2)
        compute = ComputeTarget.create(ws, "cpu", size)
        steps = [
            PythonScriptStep(f"{name}.py", name=name, source_directory="src", compute_target=compute)
            for name in ("quick", "slow")
        ]
        run = Experiment(ws, "stream").submit(Pipeline(ws, [StepSequence(steps)]))
        run.wait_for_completion(show_output=True)
        print("AFTER", [step.get_status() for step in run.get_steps()])
        """,
        files={
            "src/quick.py": "print('quick one')\nprint('quick end')\n",
            "src/slow.py": "import time\nprint('slow one')\ntime.sleep(1.3)\nprint('slow end')\n",
        },
    )
    for line in ("quick one", "quick end", "slow one", "slow end"):
        assert done.stdout.count(f"\n{line}\n") == 1, done.stdout[-5000:]
    assert "AFTER ['Finished', 'Finished']" in done.stdout
