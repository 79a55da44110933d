"""Computes of other services that a workspace has attached: what is kept of them, and what is said of their work.

A record says where the service is and how to sign in there; both SDKs read it, list it and detach it. What would run on
one is refused when it is submitted, but for two kinds: web services are deployed to a cluster of AKS, which run on this
machine, and so it can be made as well as attached; steps of SDK v1 for Databricks run there
(:mod:`amlbridge.wire.databricks`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from amlbridge.wire import databricks
from amlbridge.wire.context import typed
from amlbridge.wire.errors import ServiceError, bad_request

AKS, MACHINE, DATABRICKS = "AKS", "VirtualMachine", "Databricks"
#: Kinds whose work happens on machines that are not ours, and what each is.
ELSEWHERE = {
    AKS: "an AKS cluster",
    "Batch": "an Azure Batch account",
    DATABRICKS: "a Databricks workspace",
    "DataLakeAnalytics": "a Data Lake Analytics account",
    "HDInsight": "an HDInsight cluster",
    "Kusto": "a Kusto cluster",
    "SynapseSpark": "a Synapse Spark pool",
    MACHINE: "another virtual machine",
}
#: Those whose ordinary Python steps can run on an AmlCompute instead; the others have steps of their own kind.
_PYTHON_THERE = (AKS, MACHINE, "HDInsight")
#: Azure's defaults for a cluster of AKS that is made for web services.
_AKS_MADE = {"agentCount": 3, "agentVmSize": "Standard_D3_v2", "clusterPurpose": "FastProd"}
_ACCOUNT = ("username", "password", "publicKeyData", "privateKeyData", "passphrase")

Values = dict[str, Any]


def work_refused(name: str, kind: str) -> str | None:
    """Why nothing that is submitted for a compute of this name and kind can run, with the way out; None when it can."""
    if kind not in ELSEWHERE:
        return None
    if kind == DATABRICKS:
        return f"{name} is a Databricks workspace, where only DatabricksStep of SDK v1 runs: name an AmlCompute"
    if kind in _PYTHON_THERE:
        way_out = f"Python steps run on an AmlCompute: name one, or detach {name} and create one of that name"
    else:
        way_out = "do the work in a Python step on an AmlCompute, or leave it out"
    return f"{name} is {ELSEWHERE[kind]}, which amlbridge cannot reach from this machine: {way_out}"


def is_attached(kind: str, resource: str | None) -> bool:
    """Whether a compute of one of these kinds was attached; AKS can be made for the workspace, too."""
    return kind in ELSEWHERE and (kind != AKS or bool(resource))


def build(kind: str, given: Mapping[str, Any], resource: str | None, old: Mapping[str, Any] | None) -> Values:
    """What both SDKs read of a compute. ``given``: the inner properties of a PUT; ``resource``: the Azure id of what is
    attached; ``old``: what was kept of it before. Raises a 400 :class:`ServiceError`."""
    if kind == AKS:
        return _cluster(given, resource, old)
    if not resource and not given.get("address"):
        message = f"amlbridge cannot make {ELSEWHERE[kind]}: attach one that there is, or create an AmlCompute instead"
        raise ServiceError(400, "ComputeTypeNotSupported", message)
    if kind == DATABRICKS:
        return databricks.properties(given, old)
    maker = _BUILD.get(kind)
    return maker(given) if maker is not None else {}


def secrets(kind: str, given: Mapping[str, Any]) -> Values:
    """What a PUT says of signing in at the service; only :func:`keys` gives it back. Raises a 400."""
    if kind == DATABRICKS:
        return {"databricksAccessToken": typed(given, "databricksAccessToken", str, None)}
    if kind == "Kusto":
        return {"servicePrincipalCredentials": typed(given, "servicePrincipalCredentials", dict, {})}
    if kind in (MACHINE, "HDInsight"):
        return {"administratorAccount": _account(given)}
    return {}


def keys(name: str, kind: str, kept: Mapping[str, Any]) -> Values:
    """The credentials of a compute as ``get_credentials`` returns them. Raises a 400 when it has none here."""
    if kind == AKS:
        raise bad_request(f"{name} is a cluster of AKS: `az aks get-credentials` writes its configuration of kubectl")
    if not kept:
        raise bad_request(f"{name} has no credentials")
    return {"computeType": kind, **kept}


def _cluster(given: Mapping[str, Any], resource: str | None, old: Mapping[str, Any] | None) -> Values:
    """The client changes a cluster by sending what it has read; what it leaves out stays."""
    names = ("agentCount", "agentVmSize", "clusterPurpose", "loadBalancerType", "loadBalancerSubnet")
    made = {} if resource else _AKS_MADE
    first = {**dict.fromkeys(names), "loadBalancerType": "PublicIp", "sslConfiguration": None, **made}
    found = {**(old or first), "clusterFqdn": None, "systemServices": []}
    for name in names:
        kept = typed(given, name, int if name == "agentCount" else str, None)
        if kept is not None:
            found[name] = kept
    ssl = typed(given, "sslConfiguration", dict, None)
    if ssl is not None:
        # A certificate is not given back, as in Azure; and this machine has no use for one.
        hidden = ("cert", "key")
        found["sslConfiguration"] = {name: None if name in hidden else value for name, value in ssl.items()}
    return found


def _machine(given: Mapping[str, Any]) -> Values:
    account = _account(given)
    return {
        "virtualMachineSize": typed(given, "virtualMachineSize", str, None),
        "address": typed(given, "address", str, None),
        "sshPort": _port(given),
        "administratorAccount": {**dict.fromkeys(_ACCOUNT[1:4]), "username": account.get("username")},
    }


def _port(given: Mapping[str, Any]) -> int | None:
    """A number, or its digits: the client hands on what its user gave."""
    port = given.get("sshPort")
    if isinstance(port, str) and (port.isdecimal() or not port):
        port = int(port) if port else None
    return typed({"sshPort": port}, "sshPort", int, None)


def _account(given: Mapping[str, Any]) -> Values:
    account: Values = typed(given, "administratorAccount", dict, {})
    found = {name: typed(account, name, str, None) for name in _ACCOUNT}
    return {name: value for name, value in found.items() if value}


def _kusto(given: Mapping[str, Any]) -> Values:
    return {"kustoConnectionString": typed(given, "kustoConnectionString", str, None)}


_BUILD: dict[str, Callable[[Mapping[str, Any]], Values]] = {
    MACHINE: _machine,
    "HDInsight": _machine,
    "Kusto": _kusto,
}
