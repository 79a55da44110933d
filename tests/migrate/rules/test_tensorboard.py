"""TensorBoard on the logs of runs; the case of the rule is checked in test_cases.py."""

from __future__ import annotations

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Experiment, Workspace
from azureml.tensorboard import Tensorboard

ws = Workspace.from_config()
"""


def test_a_folder_of_ones_own_needs_no_download() -> None:
    found = convert(f'{HEAD}tb = Tensorboard([], local_root="./logs", port=6007)\ntb.start()\n')
    assert (
        'tb = ["tensorboard", "--logdir", "./logs", "--port", "6007"]\ntb_server = subprocess.Popen(tb)' in found.text
    )
    assert "download_artifacts" not in found.text and "azureml.tensorboard" not in found.text


def test_one_process_for_each_variable() -> None:
    text = f"{HEAD}def show(runs):\n    tb = Tensorboard(runs)\n    tb.start()\n    input()\n    tb.stop()\n"
    found = convert(text).text
    assert "    for job in runs:\n" in found and "    tb_server.terminate()\n" in found
    assert found.index("download_artifacts") < found.index("subprocess.Popen(tb)")


def test_a_run_of_mlflow_stays() -> None:
    found = convert(f'{HEAD}run = Experiment(ws, "e").start_logging()\ntb = Tensorboard([run])\ntb.start()\n')
    left = next(finding for finding in found.findings if finding.symbol == "Tensorboard")
    assert left.status is Status.MANUAL and "mlflow.artifacts" in left.message


def test_one_run_is_no_list() -> None:
    text = convert(
        """\
from azureml.core import Experiment, Workspace
from azureml.tensorboard import Tensorboard

run = Experiment(Workspace.from_config(), "e").submit(config)
board = Tensorboard(run)
board.start()
"""
    ).text
    assert "for job in" not in text and "run_id=run.name" in text
