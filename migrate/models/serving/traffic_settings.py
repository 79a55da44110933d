"""What SDK v1 said of requests, probes and the surroundings of a web service in keywords of its own, for the deployment
and the endpoint of SDK v2: their keywords, and what has none."""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.rewriter import Rewriter

#: Keyword of v1 -> parameter of ``OnlineRequestSettings``.
_REQUESTS = {
    "scoring_timeout_ms": "request_timeout_ms",
    "replica_max_concurrent_requests": "max_concurrent_requests_per_instance",
    "max_request_wait_time": "max_queue_wait_ms",
}
#: Keyword of v1 -> parameter of ``ProbeSettings``.
_PROBES = {
    "period_seconds": "period",
    "initial_delay_seconds": "initial_delay",
    "timeout_seconds": "timeout",
    "success_threshold": "success_threshold",
    "failure_threshold": "failure_threshold",
}
#: The keywords that ``traffic_settings`` takes over.
TAKEN = frozenset({*_REQUESTS, *_PROBES})
_TLS = "managed online endpoints have TLS by themselves"
_LIMITS = "a managed deployment has the whole of its instance: cores and memory have no limits of their own"
_NETWORK = "the networks of managed endpoints are those of the workspace, or public_network_access of the endpoint"
_SECRET = "the service makes the keys of an endpoint: see regenerate_keys"
_ENCRYPTED = "managed endpoints are encrypted as their workspace is"
#: What v2 says elsewhere, and what is told of it.
ELSEWHERE = {
    "ssl_enabled": _TLS,
    "ssl_cert_pem_file": _TLS,
    "ssl_key_pem_file": _TLS,
    "ssl_cname": _TLS,
    "dns_name_label": "the address of an endpoint comes of its name",
    "location": "a managed endpoint is in the region of its workspace unless its location says otherwise",
    "gpu_cores": "choose an instance_type with GPUs",
    "cpu_cores_limit": _LIMITS,
    "memory_gb_limit": _LIMITS,
    "namespace": "a managed endpoint is in no namespace of a cluster",
    "compute_target_name": "it ran on a cluster of its own; managed endpoints bring their machines",
    "primary_key": _SECRET,
    "secondary_key": _SECRET,
    "vnet_name": _NETWORK,
    "subnet_name": _NETWORK,
    "cmk_vault_base_url": _ENCRYPTED,
    "cmk_key_name": _ENCRYPTED,
    "cmk_key_version": _ENCRYPTED,
}


def traffic_settings(use: Use, to: Rewriter) -> tuple[list[str], list[str]]:
    """Keywords of ``ManagedOnlineDeployment`` for what a call says of requests and probes, and what to check."""
    found, review = [], []
    for target, kind, names in (
        ("request_settings", "OnlineRequestSettings", _REQUESTS),
        ("liveness_probe", "ProbeSettings", _PROBES),
    ):
        given = {new: node for old, new in names.items() if (node := use.passed(old)) is not None}
        if not given:
            continue
        parts = ", ".join(f"{name}={to.source(node)}" for name, node in given.items())
        found.append(f"{target}={to.need('azure.ai.ml.entities', kind)}({parts})")
        open_ = [name for name in names.values() if name not in given]
        if open_ and (kind == "ProbeSettings" or use.symbol.rpartition(".")[2].startswith("update")):
            review.append(f"{', '.join(open_)} of {target} get the defaults of SDK v2, which may differ from before")
    return found, review


def elsewhere(use: Use) -> list[str]:
    """What to check where a call says what SDK v2 says elsewhere."""
    return list(dict.fromkeys(text for key, text in ELSEWHERE.items() if use.passed(key) is not None))
