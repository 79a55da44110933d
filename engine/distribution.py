"""The processes of a distributed step and what each is told of its place among the others.

All run on this machine, also those of a step that wants several nodes: each process is told of the node that it would
be on. The variables are those that Azure's agents set, which in turn are those of mpirun (``OMPI_*``), torchrun
(``RANK``, ``MASTER_ADDR``…) and TensorFlow (``TF_CONFIG``). Scripts take the address of the first node from
``AZ_BATCH*``.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from amlbridge.engine.plan import Distribution, Node

_HERE = "127.0.0.1"
#: The port that Azure names in AZ_BATCH_MASTER_NODE; scripts take only the address from there.
_BATCH_PORT = 6000
#: The most processes of a step: more is a slip of the pen, and would bring the machine down.
MOST_PROCESSES = 128


@dataclass(frozen=True)
class Place:
    """One process of a step. ``helper``: a parameter server, which never ends by itself."""

    label: str
    variables: Mapping[str, str]
    helper: bool = False


def process_count(node: Node) -> int:
    """How many processes a step is, on all its nodes."""
    distribution = node.distribution
    if distribution is None:
        return 1
    if distribution.kind == "tensorflow":
        return sum(_tasks(distribution).values())
    return distribution.processes_per_node * node.resources.nodes


def one_machine(node: Node) -> str | None:
    """What a step that wants several nodes has to know of this one machine; None for any other step. The v1 client asks
    for as many nodes as TensorFlow has workers: those are processes in any case."""
    nodes, distribution = node.resources.nodes, node.distribution
    if nodes <= 1 or node.kind != "command" or (distribution is not None and distribution.kind == "tensorflow"):
        return None
    if distribution is None:
        return (
            f"the step asks for {nodes} nodes and runs once, on this one machine; to start several processes, give it "
            "a distribution (PyTorch, MPI or TensorFlow)"
        )
    return (
        f"the step asks for {nodes} nodes: all of its {process_count(node)} processes run on this one machine, each "
        "with the rank that it would have there"
    )


def _tasks(distribution: Distribution) -> dict[str, int]:
    """Task type -> count. One worker needs no parameter server: the one that the v1 client adds by default does not
    count."""
    workers = max(1, distribution.options.get("workerCount", distribution.processes_per_node))
    servers = distribution.options.get("parameterServerCount", 0)
    return {"worker": workers, "ps": servers if workers > 1 or servers > 1 else 0}


def places(node: Node) -> list[Place]:
    """The processes of a step, the first one first; empty for a plain step. The ports in their variables are free
    now."""
    distribution = node.distribution
    if distribution is None:
        return []
    if distribution.kind == "tensorflow":
        return _tensorflow(distribution)
    count, local = process_count(node), distribution.processes_per_node
    port = free_ports(1)[0]
    variables = _pytorch if distribution.kind == "pytorch" else _mpi
    found = []
    for rank in range(count):
        # Scripts start the processes of a node by themselves with these (torchrun --nnodes, --node_rank).
        node_place = {"AZUREML_NODE_COUNT": str(node.resources.nodes), "AZUREML_CR_NODE_RANK": str(rank // local)}
        found.append(Place(f"rank {rank} of {count}", {**variables(rank, count, local, port), **node_place}))
    return found


def _pytorch(rank: int, count: int, local: int, port: int) -> dict[str, str]:
    """``local``: how many processes a node has."""
    return {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank % local),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(local),
        "NODE_RANK": str(rank // local),
        "MASTER_ADDR": _HERE,
        "MASTER_PORT": str(port),
    }


def _mpi(rank: int, count: int, local: int, port: int) -> dict[str, str]:
    """On Azure a script finds MASTER_ADDR and MASTER_PORT in jobs of MPI, too."""
    return {
        "OMPI_COMM_WORLD_RANK": str(rank),
        "OMPI_COMM_WORLD_SIZE": str(count),
        "OMPI_COMM_WORLD_LOCAL_RANK": str(rank % local),
        "OMPI_COMM_WORLD_LOCAL_SIZE": str(local),
        "OMPI_COMM_WORLD_NODE_RANK": str(rank % local),
        "OMPI_UNIVERSE_SIZE": str(count),
        "MASTER_ADDR": _HERE,
        "MASTER_PORT": str(port),
        "AZ_BATCHAI_MPI_MASTER_NODE": _HERE,
        "AZ_BATCH_MASTER_NODE": f"{_HERE}:{_BATCH_PORT}",
        "AZ_BATCH_HOST_LIST": ",".join([_HERE] * (count // local)),
    }


def _tensorflow(distribution: Distribution) -> list[Place]:
    tasks = _tasks(distribution)
    ports = iter(free_ports(sum(tasks.values())))
    cluster = {kind: [f"{_HERE}:{next(ports)}" for _ in range(count)] for kind, count in tasks.items() if count}
    found = []
    for kind, addresses in cluster.items():
        for index in range(len(addresses)):
            task = {"cluster": cluster, "task": {"type": kind, "index": index}, "environment": "cloud"}
            variables = {
                "TF_CONFIG": json.dumps(task),
                "AZ_BATCHAI_TASK_TYPE": kind,
                "AZ_BATCHAI_TASK_INDEX": str(index),
            }
            found.append(Place(f"{kind} {index} of {len(addresses)}", variables, helper=kind == "ps"))
    return found


def free_ports(count: int) -> list[int]:
    """So many different ports that are free now: several runs of one machine must not meet at one."""
    sockets: list[socket.socket] = []
    try:
        for _ in range(count):
            sockets.append(socket.socket())  # each must be closed, also when the next one fails
            sockets[-1].bind((_HERE, 0))
        return [found.getsockname()[1] for found in sockets]
    finally:
        _close(sockets)


def _close(sockets: Iterable[socket.socket]) -> None:
    for found in sockets:
        found.close()
