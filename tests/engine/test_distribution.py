"""Steps that are several processes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from amlbridge.engine import distribution
from amlbridge.engine.host import RANK_DRIVER_LOG, RANK_SCRIPT_LOG
from amlbridge.engine.plan import Distribution, Node, Plan, Resources
from amlbridge.engine.records.runs import Run
from tests.support.engine import Engine

#: Every process tells the first one its rank through MASTER_ADDR and MASTER_PORT: none can end before all have begun.
MEET = """
import os, socket, time
rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
address = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
if rank == 0:
    server = socket.create_server(address)
    print("met", sorted(int(server.accept()[0].makefile().read()) for _ in range(count - 1)))
else:
    while True:
        try:
            with socket.create_connection(address) as peer:
                peer.sendall(str(rank).encode())
            break
        except ConnectionRefusedError:
            time.sleep(0.01)
print("rank", rank, os.environ["LOCAL_RANK"], os.environ["NODE_RANK"])
"""
TORCH = Distribution("pytorch", 3, {"backend": "gloo"})


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path / "engine")
    yield made
    made.close()


def log(engine: Engine, run: Run, rank: int, name: str = RANK_DRIVER_LOG) -> str:
    return (engine.root / "artifacts" / run.id / name.format(rank)).read_text()


def until_written(path: Path) -> str:
    deadline = time.monotonic() + 90
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < deadline, f"{path} was not written"
        time.sleep(0.02)
    return path.read_text()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_processes_run_together_and_meet(engine: Engine) -> None:
    run = engine.run(engine.step("train", MEET, distribution=TORCH))["train"]
    assert run.status == "Completed", run.error
    assert log(engine, run, 0) == "met [1, 2]\nrank 0 0 0\n"
    assert [log(engine, run, rank) for rank in (1, 2)] == ["rank 1 1 0\n", "rank 2 2 0\n"]
    assert not (engine.root / "artifacts" / run.id / "azureml-logs" / "70_driver_log.txt").exists()


def test_the_logs_of_a_run_of_its_own(engine: Engine) -> None:
    node = engine.step("train", MEET, distribution=TORCH)
    engine.scheduler.submit_single(
        engine.workspace.id, engine.experiment.id, "r", Plan((node,)), kind="script", columns={}
    )
    assert engine.scheduler.wait(engine.workspace.id, "r", 60)
    run = engine.records.runs.get(engine.workspace.id, "r")
    assert run.status == "Completed", run.error
    assert log(engine, run, 2, RANK_SCRIPT_LOG) == "rank 2 2 0\n"


def test_mpi_variables(engine: Engine) -> None:
    script = """
    import os
    names = ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE")
    print(*(os.environ[name] for name in names), os.environ["AZ_BATCH_MASTER_NODE"].split(":")[0], "RANK" in os.environ)
    """
    run = engine.run(engine.step("mpi", script, distribution=Distribution("mpi", 2)))["mpi"]
    assert [log(engine, run, rank) for rank in (0, 1)] == ["0 2 0 2 127.0.0.1 False\n", "1 2 1 2 127.0.0.1 False\n"]


def test_the_processes_of_several_nodes_meet_on_this_machine(engine: Engine) -> None:
    script = MEET + "print(os.environ['LOCAL_WORLD_SIZE'], os.environ['AZUREML_NODE_COUNT'], 'node', end='')"
    spread = Distribution("pytorch", 2)
    run = engine.run(engine.step("train", script, distribution=spread, resources=Resources(nodes=2)))["train"]
    assert run.status == "Completed", run.error
    said = "amlbridge: the step asks for 2 nodes: all of its 4 processes run on this one machine"
    assert log(engine, run, 0).startswith(said)
    assert log(engine, run, 0).endswith("met [1, 2, 3]\nrank 0 0 0\n2 2 node")
    assert [log(engine, run, rank) for rank in (1, 2, 3)] == [
        "rank 1 1 0\n2 2 node",
        "rank 2 0 1\n2 2 node",
        "rank 3 1 1\n2 2 node",
    ]


def test_several_nodes_without_a_distribution_run_the_command_once_and_say_so(engine: Engine) -> None:
    run = engine.run(engine.step("plain", "print('ran')", resources=Resources(nodes=3)))["plain"]
    assert run.status == "Completed", run.error
    first, last = engine.log(run).splitlines()
    assert first.startswith("amlbridge: the step asks for 3 nodes and runs once, on this one machine")
    assert last == "ran"


def test_mpi_places_of_several_nodes() -> None:
    places = distribution.places(Node("n", "n", distribution=Distribution("mpi", 2), resources=Resources(nodes=3)))
    names = ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE", "AZUREML_CR_NODE_RANK")
    found = [tuple(place.variables[name] for name in names) for place in places]
    assert found == [(str(rank), str(rank % 2), "2", str(rank // 2)) for rank in range(6)]
    assert {place.variables["AZ_BATCH_HOST_LIST"].count("127.0.0.1") for place in places} == {3}


def test_one_process_is_told_its_place_and_keeps_the_plain_log(engine: Engine) -> None:
    script = "import os; print(os.environ['RANK'], os.environ['WORLD_SIZE'])"
    run = engine.run(engine.step("one", script, distribution=Distribution("pytorch", 1)))["one"]
    assert engine.log(run) == "0 1\n"


def test_a_failure_stops_the_others_and_is_named(engine: Engine) -> None:
    script = """
    import os, subprocess, sys, time
    rank = os.environ["RANK"]
    if rank != "1":
        child = subprocess.Popen(["sleep", "300"])
        open(os.environ["MARKS"] + rank, "w").write(f"{os.getpid()} {child.pid}")
        time.sleep(300)
    while not all(os.path.exists(os.environ["MARKS"] + other) for other in "02"):
        time.sleep(0.01)
    print("out of luck", file=sys.stderr)
    sys.exit(7)
    """
    variables = {"MARKS": str(engine.root / "mark")}
    run = engine.run(engine.step("bad", script, distribution=TORCH, variables=variables))["bad"]
    assert run.status == "Failed"
    assert run.error is not None
    assert run.error["exit_code"] == 7
    assert run.error["message"].startswith("rank 1 of 3 ended with exit code 7; the other processes of the step were")
    assert "out of luck" in run.error["message"]
    assert "rank 1 of 3 ended with exit code 7: stopping the other 2" in log(engine, run, 0)
    for rank in "02":
        assert all(gone(int(pid)) for pid in (engine.root / f"mark{rank}").read_text().split())


def test_a_process_that_is_killed(engine: Engine) -> None:
    script = "import os, time; os.environ['RANK'] == '2' and os.kill(os.getpid(), 9); time.sleep(300)"
    run = engine.run(engine.step("killed", script, distribution=TORCH))["killed"]
    assert run.error is not None
    assert run.error["message"].startswith("rank 2 of 3 was ended by SIGKILL; the other processes")


@pytest.mark.parametrize("how", ["cancel", "timeout"])
def test_all_processes_end_with_the_step(engine: Engine, how: str) -> None:
    script = """
    import os, signal, time
    signal.signal(signal.SIGTERM, lambda *_: None)
    print(os.getpid(), flush=True)
    while True:
        time.sleep(1)
    """
    limit = 5.0 if how == "timeout" else None
    node = engine.step("slow", script, distribution=Distribution("mpi", 2), timeout=limit)
    engine.submit(node)
    step = engine.runs()["slow"]
    pids = [int(until_written(engine.root / "artifacts" / step.id / RANK_DRIVER_LOG.format(rank))) for rank in (0, 1)]
    if how == "cancel":
        engine.scheduler.cancel(engine.workspace.id, "p")
    assert engine.scheduler.wait(engine.workspace.id, "p", 60)
    run = engine.runs()["slow"]
    assert run.status == ("Canceled" if how == "cancel" else "Failed")
    assert run.error is not None
    assert ("cancelled" if how == "cancel" else "longer than its 5 s") in run.error["message"]
    assert all(gone(pid) for pid in pids)


def test_parameter_servers_end_when_the_workers_are_done(engine: Engine) -> None:
    script = """
    import json, os, time
    config = json.loads(os.environ["TF_CONFIG"])
    print(config["task"]["type"], config["task"]["index"], flush=True)
    assert (os.environ["AZ_BATCHAI_TASK_TYPE"], os.environ["AZ_BATCHAI_TASK_INDEX"]) == (
        config["task"]["type"], str(config["task"]["index"])), os.environ
    places = config["cluster"]["worker"] + config["cluster"]["ps"]
    assert len(set(places)) == 3, places
    time.sleep(300 if config["task"]["type"] == "ps" else 0.2)
    """
    spread = Distribution("tensorflow", 1, {"workerCount": 2, "parameterServerCount": 1})
    # The client asks for as many nodes as there are workers.
    run = engine.run(engine.step("tf", script, distribution=spread, resources=Resources(nodes=2)))["tf"]
    assert run.status == "Completed", run.error
    assert [log(engine, run, rank) for rank in range(3)] == ["worker 0\n", "worker 1\n", "ps 0\n"]


def test_an_error_of_the_start(engine: Engine) -> None:
    engine.host.python = "/nowhere/python"
    run = engine.run(engine.step("lost", "pass", distribution=TORCH))["lost"]
    assert run.error is not None
    assert run.error["message"] == "the program /nowhere/python was not found"


def test_variables_of_the_user_win(engine: Engine) -> None:
    script = "import os; print(os.environ['MASTER_PORT'])"
    node = engine.step("own", script, distribution=TORCH, variables={"MASTER_PORT": "7"})
    run = engine.run(node)["own"]
    assert [log(engine, run, rank) for rank in range(3)] == ["7\n"] * 3


@pytest.mark.parametrize(
    ("spread", "nodes", "count"),
    [
        (None, 1, 1),
        (Distribution("mpi", 4), 2, 8),
        (Distribution("tensorflow", 1, {"workerCount": 1, "parameterServerCount": 1}), 1, 1),
        (Distribution("tensorflow", 1, {"workerCount": 1, "parameterServerCount": 2}), 1, 3),
        (Distribution("tensorflow", 1, {"workerCount": 3, "parameterServerCount": 0}), 3, 3),
    ],
)
def test_how_many_processes(spread: Distribution | None, nodes: int, count: int) -> None:
    node = Node("n", "n", distribution=spread, resources=Resources(nodes=nodes))
    assert distribution.process_count(node) == count
    made = distribution.places(node)
    assert len(made) == (0 if spread is None else count)
    configs = [json.loads(place.variables.get("TF_CONFIG", "{}")).get("cluster") for place in made]
    assert len({json.dumps(config, sort_keys=True) for config in configs}) <= 1
