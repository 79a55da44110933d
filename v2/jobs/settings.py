"""What a node says besides its command and ports: resources, distribution, timeout, compute."""

from __future__ import annotations

from amlbridge.engine.plan import Distribution, Resources
from amlbridge.v2.jobs.reading import Section, invalid, seconds

#: The compute of a job that names none, as on Azure since serverless compute is there.
SERVERLESS = "serverless"
LOCAL = "local"


def compute_name(reference: str | None) -> str | None:
    """The name of a compute: the end of its ARM id, or as it is."""
    if not reference:
        return None
    name = reference.removeprefix("azureml:").rstrip("/").rpartition("/")[2]
    return name or None


def is_local(resources: Section) -> bool:
    """Whether a job says compute="local": the client leaves its compute out and says so among its resources."""
    return any("local" in name.lower() for name in resources.section("properties").content)


def resources(compute: str | None, *sections: Section) -> Resources:
    """Compute, nodes and size; of each field the first section that has it counts (the node before its component)."""
    nodes, kind = None, None
    for section in sections:
        count = section.count("instance_count", "instanceCount")
        if count is not None and count < 1:
            raise invalid(section.at("instance_count"), f"must be at least 1, not {count}")
        nodes = nodes if nodes is not None else count
        kind = kind or _instance_type(section)
    return Resources(compute, nodes or 1, kind)


def _instance_type(section: Section) -> str | None:
    value = section.get("instance_type", "instanceType")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value) or None
    return section.text("instance_type", "instanceType")


_KINDS = {"mpi": "mpi", "pytorch": "pytorch", "tensorflow": "tensorflow"}


def distribution(section: Section) -> Distribution | None:
    """How many processes a node starts; None for a plain one. Raises a 400 for what cannot run here (Ray)."""
    kind = section.text("type", "distribution_type", "distributionType")
    if kind is None:
        return None
    known = _KINDS.get(kind.lower())
    if known is None:
        raise invalid(
            section.at("type"),
            f"the distribution {kind!r} cannot run here: amlbridge starts mpi, pytorch and tensorflow processes",
            "DistributionNotSupported",
        )
    if known == "tensorflow":
        workers = _count(section, "worker_count", "workerCount") or 1
        servers = _count(section, "parameter_server_count", "parameterServerCount") or 0
        return Distribution(known, 1, {"workerCount": workers, "parameterServerCount": servers})
    return Distribution(known, _count(section, "process_count_per_instance", "processCountPerInstance") or 1)


def _count(section: Section, *names: str) -> int | None:
    value = section.count(*names)
    if value is not None and value < 0:
        raise invalid(section.at(names[0]), f"cannot be {value}")
    return value


def timeout(*sections: Section) -> float | None:
    """The longest that a node may run, in seconds; of the first section of limits that says so."""
    for section in sections:
        found = seconds(section.get("timeout"), section.at("timeout"))
        if found is not None:
            return found
    return None
