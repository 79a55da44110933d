"""What a region offers: VM sizes, usages and quotas. Sizes are Azure's, so that scripts find theirs; all run here."""

from __future__ import annotations

import os
from typing import Any

from amlbridge.wire import computes
from amlbridge.wire.context import Call
from amlbridge.wire.routing import Reply, Routes

_LOCATION = "/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/locations/{location}"
routes = Routes("capacity", _LOCATION)

#: Family, name with ``#`` for the vCPUs (or for the number in the second list), GiB of memory per vCPU, (number, vCPUs,
#: GPUs) of each size.
_FAMILIES: tuple[tuple[str, str, float, tuple[tuple[int, int, int], ...]], ...] = (
    ("standardDv2Family", "Standard_D#_v2", 3.5, tuple((n, 2 ** (n - 1), 0) for n in range(1, 6))),
    ("standardDv2Family", "Standard_D#_v2", 7, tuple((n, 2 ** (n - 10), 0) for n in range(11, 15))),
    ("standardDSv2Family", "Standard_DS#_v2", 3.5, tuple((n, 2 ** (n - 1), 0) for n in range(1, 6))),
    ("standardDSv2Family", "Standard_DS#_v2", 7, tuple((n, 2 ** (n - 10), 0) for n in range(11, 15))),
    *(
        (f"standard{name}Family", pattern, memory, tuple((n, n, 0) for n in (2, 4, 8, 16, 32, 48, 64)))
        for name, pattern, memory in (
            ("Dv3", "Standard_D#_v3", 4),
            ("DSv3", "Standard_D#s_v3", 4),
            ("Dv4", "Standard_D#_v4", 4),
            ("DSv4", "Standard_D#s_v4", 4),
            ("DDSv4", "Standard_D#ds_v4", 4),
            ("DASv4", "Standard_D#as_v4", 4),
            ("DADSv5", "Standard_D#ads_v5", 4),
            ("DSv5", "Standard_D#s_v5", 4),
            ("DDSv5", "Standard_D#ds_v5", 4),
            ("Ev3", "Standard_E#_v3", 8),
            ("ESv3", "Standard_E#s_v3", 8),
            ("ESv4", "Standard_E#s_v4", 8),
            ("EDSv4", "Standard_E#ds_v4", 8),
            ("ESv5", "Standard_E#s_v5", 8),
        )
    ),
    ("standardFSv2Family", "Standard_F#s_v2", 2, tuple((n, n, 0) for n in (2, 4, 8, 16, 32, 48, 64, 72))),
    ("standardFFamily", "Standard_F#", 2, tuple((n, n, 0) for n in (1, 2, 4, 8, 16))),
    ("standardAv2Family", "Standard_A#_v2", 2, tuple((n, n, 0) for n in (1, 2, 4, 8))),
    ("standardNCFamily", "Standard_NC#", 9.3, ((6, 6, 1), (12, 12, 2), (24, 24, 4))),
    ("standardNCSv2Family", "Standard_NC#s_v2", 18.7, ((6, 6, 1), (12, 12, 2), (24, 24, 4))),
    ("standardNCSv3Family", "Standard_NC#s_v3", 18.7, ((6, 6, 1), (12, 12, 2), (24, 24, 4))),
    ("standardNCASv3_T4Family", "Standard_NC#as_T4_v3", 7, ((4, 4, 1), (8, 8, 1), (16, 16, 1), (64, 64, 4))),
    ("standardNCADSA100v4Family", "Standard_NC#ads_A100_v4", 9.2, ((24, 24, 1), (48, 48, 2), (96, 96, 4))),
    ("standardNDSFamily", "Standard_ND#s", 18.7, ((6, 6, 1), (12, 12, 2), (24, 24, 4))),
    ("standardNDSv2Family", "Standard_ND#rs_v2", 16.8, ((40, 40, 8),)),
    ("standardNDASv4_A100Family", "Standard_ND#asr_v4", 9.4, ((96, 96, 8),)),
    ("standardNVFamily", "Standard_NV#", 9.3, ((6, 6, 1), (12, 12, 2), (24, 24, 4))),
    ("standardNVSv3Family", "Standard_NV#s_v3", 9.3, ((12, 12, 1), (24, 24, 2), (48, 48, 4))),
    ("standardMSFamily", "Standard_M#s", 16, ((32, 32, 0), (64, 64, 0), (128, 128, 0))),
)


@routes.get("/vmSizes")
def list_vm_sizes(call: Call) -> Reply:
    """The VM sizes that a compute can be given; a size has no effect on how fast this machine is."""
    sizes = [_size(family, pattern, memory, row) for family, pattern, memory, rows in _FAMILIES for row in rows]
    # amlCompute is how version 2020-02-02 calls the list, value how later ones do.
    return {"amlCompute": sizes, "value": sizes}


@routes.get("/usages")
def list_usages(call: Call) -> Reply:
    """How many computes the subscription has, and the cores of this machine."""
    subscription = call.params["subscription"].lower()
    records = call.records
    clusters = sum(
        records.resources.count(item.id, computes.KIND)
        for item in records.workspaces.list()
        if item.subscription_id.lower() == subscription
    )
    cores = os.cpu_count() or 1
    return {
        "value": [
            _usage(call, "TotalClusters", "Clusters", clusters, 200),
            _usage(call, "TotalCores", "Cores of this machine, shared by all computes", 0, cores),
        ]
    }


@routes.get("/quotas")
def list_quotas(call: Call) -> Reply:
    """Quotas per VM family: there are none, only the cores of this machine."""
    return {"value": []}


@routes.operation(
    "POST",
    "/updateQuotas",
    refused="There are no quotas to update: computes are bound by their maximum of nodes and by this machine's cores.",
)
def update_quotas(call: Call) -> Reply:
    """Changes the quota of a VM family."""


def _size(family: str, pattern: str, memory: float, row: tuple[int, int, int]) -> dict[str, Any]:
    number, cores, gpus = row
    return {
        "name": pattern.replace("#", str(number)),
        "family": family,
        "vCPUs": cores,
        "gpus": gpus,
        "osVhdSizeMB": 1_047_552,
        "maxResourceVolumeMB": cores * 14 * 1024,
        "memoryGB": round(cores * memory, 1),
        "lowPriorityCapable": True,
        "premiumIO": "s" in pattern.lower().removeprefix("standard_"),
        "supportedComputeTypes": ["AmlCompute", "ComputeInstance"],
    }


def _usage(call: Call, name: str, label: str, value: int, limit: int) -> dict[str, Any]:
    return {
        "id": f"{call.path}/{name}",
        "type": "Microsoft.MachineLearningServices/locations/usages",
        "unit": "Count",
        "currentValue": value,
        "limit": limit,
        "name": {"value": name, "localizedValue": label},
    }
