"""Distributed training as the real client submits it: several processes of this machine."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v1.test_execution import PRELUDE

pytestmark = pytest.mark.slow

MORE = """
import warnings
warnings.simplefilter("ignore")
from azureml.core.runconfig import (
    MpiConfiguration, PyTorchConfiguration, RunConfiguration, TensorflowConfiguration,
)
experiment = Experiment(ws, "distributed")
"""
FILES = {
    # Rank 0 waits for the others at MASTER_ADDR and MASTER_PORT, as torch.distributed does.
    "src/meet.py": """
        import os, socket, time
        from azureml.core import Run
        rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        address = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
        if rank == 0:
            server = socket.create_server(address)
            met = sorted(int(server.accept()[0].makefile().read()) for _ in range(count - 1))
            print("MET", met, flush=True)
            Run.get_context().log("met", len(met))
            os.makedirs("outputs", exist_ok=True)
            open("outputs/model.txt", "w").write("trained")
        else:
            while True:
                try:
                    with socket.create_connection(address) as peer:
                        peer.sendall(str(rank).encode())
                    break
                except ConnectionRefusedError:
                    time.sleep(0.05)
        print("I AM", rank, os.environ["LOCAL_RANK"], flush=True)
    """,
    "src/mpi.py": """
        import os, sys
        rank, size = (int(os.environ["OMPI_COMM_WORLD_" + name]) for name in ("RANK", "SIZE"))
        print("PROCESS", rank, size, os.environ["AZ_BATCHAI_MPI_MASTER_NODE"], *sys.argv[1:])
        sys.exit(int(sys.argv[1]) if rank == size - 1 else 0)
    """,
    "src/tf.py": """
        import json, os, socket, time
        config = json.loads(os.environ["TF_CONFIG"])
        host, port = config["cluster"]["ps"][0].split(":")
        print("TASK", config["task"]["type"], config["task"]["index"], flush=True)
        if config["task"]["type"] == "ps":
            server = socket.create_server((host, int(port)))
            while True:
                server.accept()
        while True:
            try:
                socket.create_connection((host, int(port))).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
    """,
}


def test_script_runs(live: LiveService) -> None:
    out = live.run(
        PRELUDE
        + MORE
        + """
def log(run, name):
    run.download_file(name, "log.txt")
    return open("log.txt").read()

def ended(run, **options):
    try:
        run.wait_for_completion(**options)
    except Exception as error:
        print("ERROR", str(error)[:2000])
    return run

torch = PyTorchConfiguration("Gloo", process_count=3)
run = ended(experiment.submit(ScriptRunConfig("src", "meet.py", compute_target="cpu", distributed_job_config=torch)),
            show_output=True)
print("FILES", run.get_status(), sorted(run.get_file_names()), run.get_metrics())
print("SECOND", log(run, "user_logs/std_log_process_01.txt"))
mpi = MpiConfiguration(process_count_per_node=2)
bad = ended(experiment.submit(ScriptRunConfig("src", "mpi.py", arguments=[3], compute_target="cpu",
                                              distributed_job_config=mpi)))
print("BAD", bad.get_status())
tf = TensorflowConfiguration(worker_count=2, parameter_server_count=1)
shared = ended(experiment.submit(ScriptRunConfig("src", "tf.py", compute_target="cpu", distributed_job_config=tf)))
logs = [name for name in sorted(shared.get_file_names()) if "std_log" in name]
print("SHARED", shared.get_status(), [log(shared, name).strip() for name in logs], shared.get_details().get("error"))
local = ended(experiment.submit(ScriptRunConfig("src", "meet.py", compute_target="local",
                                                distributed_job_config=torch)), show_output=True)
print("LOCAL", local.get_status(), log(local, "user_logs/std_log_process_02.txt"))
command = ended(experiment.submit(ScriptRunConfig("src", command="echo rank $OMPI_COMM_WORLD_RANK && python mpi.py 0",
                                                  compute_target="cpu", distributed_job_config=mpi)))
print("COMMAND", command.get_status(), log(command, "user_logs/std_log_process_01.txt").split())
""",
        files=FILES,
    ).stdout
    logs = [f"user_logs/std_log_process_{rank:02}.txt" for rank in range(3)]
    # The client follows the first process, and no other one.
    assert out.count("Streaming user_logs/std_log_process_00.txt") == 2
    assert out.count("\nMET [1, 2]\n") == 2
    assert out.count("\nI AM 0 0\n") == 2
    assert f"FILES Completed ['outputs/model.txt', {', '.join(map(repr, logs))}] {{'met': 2}}" in out
    assert "SECOND I AM 1 1" in out
    assert "BAD Failed" in out
    assert "rank 1 of 2 ended with exit code 3; the other processes of the step were stopped" in out
    assert "PROCESS 1 2 127.0.0.1 3" in out
    assert "SHARED Completed ['TASK worker 0', 'TASK worker 1', 'TASK ps 0']" in out
    assert "LOCAL Completed I AM 2 2" in out
    assert "COMMAND Completed ['rank', '1', 'PROCESS', '1', '2', '127.0.0.1', '0']" in out


def test_estimators_and_steps(live: LiveService) -> None:
    out = live.run(
        PRELUDE
        + MORE
        + """
from azureml.core.runconfig import MpiConfiguration
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import MpiStep, PythonScriptStep
from azureml.train.dnn import PyTorch
from azureml.train.estimator import Estimator
common = dict(source_directory="src", compute_target=compute)
mpi = MpiConfiguration()
mpi.process_count_per_node = 2
run = experiment.submit(Estimator(**common, entry_script="mpi.py", script_params={"0": ""}, node_count=1,
                                  distributed_training=mpi))
run.wait_for_completion()
print("ESTIMATOR", run.get_status(), sum("std_log_process" in name for name in run.get_file_names()))
config = RunConfiguration()
config.framework, config.communicator = "PyTorch", "Gloo"
config.pytorch.process_count = 2
steps = [
    MpiStep(name="mpi", script_name="mpi.py", arguments=[0], node_count=1, process_count_per_node=2, **common),
    PythonScriptStep("meet.py", name="torch", runconfig=config, **common),
]
pipeline = experiment.submit(Pipeline(ws, steps))
pipeline.wait_for_completion()
for step in pipeline.get_steps():
    print("STEP", step.name, step.get_status(), sorted(name for name in step.get_file_names() if "log" in name))
    print("OUT", step.get_stdout_log().strip())
    print("JOB", step.name, [line for line in step.get_job_log().splitlines() if line.startswith(("I AM", "PROCESS"))])
again = experiment.submit(Pipeline(ws, steps[1:]))
again.wait_for_completion()
print("REUSED", [(step.properties.get("azureml.isreused"), "MET [1]" in step.get_stdout_log())
                 for step in again.get_steps()])
""",
        files=FILES,
    ).stdout
    assert "ESTIMATOR Completed 2" in out
    logs = ["azureml-logs/70_driver_log_0.txt", "azureml-logs/70_driver_log_1.txt"]
    assert f"STEP mpi Finished {logs}" in out
    assert f"STEP torch Finished {logs}" in out
    assert "OUT PROCESS 0 2 127.0.0.1 0" in out
    assert "OUT MET [1]\nI AM 0 0" in out
    assert "JOB torch ['I AM 1 1']" in out
    assert "REUSED [('true', True)]" in out
