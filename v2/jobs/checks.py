"""What a job needs from its workspace: what would fail later is refused when the job is submitted."""

from __future__ import annotations

from amlbridge.engine import distribution
from amlbridge.engine import kinds as engine_kinds
from amlbridge.engine.distribution import MOST_PROCESSES
from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import DataParameterRef, DataReference, Node, Plan
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.sweep import checks as sweep_checks
from amlbridge.v2.job import Lowered
from amlbridge.v2.jobs import kinds, settings
from amlbridge.v2.jobs.assets import WEB
from amlbridge.v2.jobs.reading import invalid
from amlbridge.wire import computes
from amlbridge.wire.context import Service

#: The part of the service with the files that stand for URLs.
_URL_MAP = "url_map"
#: Computes that every workspace has.
_ALWAYS = (settings.SERVERLESS, settings.LOCAL)


def check(service: Service, workspace: Workspace, lowered: Lowered) -> None:
    """Raises a 400 ServiceError that names the node and what is missing."""
    for node in lowered.plan.nodes:
        spot = lowered.places[node.id]
        if node.kind not in engine_kinds.RUNNABLE:
            raise kinds.not_yet(node, spot)
        if node.kind == "sweep":
            _check_sweep(node, spot)
        _check_compute(service, workspace, lowered.plan, node, spot)
        _check_processes(node, spot)
        _check_urls(service, lowered.plan, node, spot)


def _check_sweep(node: Node, spot: str) -> None:
    try:
        sweep_checks.check(node)
    except PlanError as error:
        raise invalid(spot or "sweep", str(error), "InvalidSweep") from error


def _check_compute(service: Service, workspace: Workspace, plan: Plan, node: Node, spot: str) -> None:
    name = node.resources.compute or plan.settings.default_compute
    if name is None or name.lower() in _ALWAYS:
        return
    if (refused := computes.work_refused(service, workspace, name)) is not None:
        raise invalid(_at(spot, "compute"), refused, "NotSupportedHere")
    if computes.exists(service, workspace, name):
        return
    raise invalid(
        _at(spot, "compute"),
        f"there is no compute {name!r} in the workspace {workspace.name}: create it with "
        "ml_client.compute.begin_create_or_update(), or use serverless",
        "ComputeNotFound",
    )


def _check_urls(service: Service, plan: Plan, node: Node, spot: str) -> None:
    """Nothing is fetched from the network: a URL must stand for a file of this machine, or be handed over as it is."""
    data = {item.name: item.default for item in plan.data_parameters}
    stands_for = service.parts.get(_URL_MAP)
    for name, item in node.inputs.items():
        source = data.get(item.source.name) if isinstance(item.source, DataParameterRef) else item.source
        if item.mode == "direct" or not isinstance(source, DataReference) or not source.uri.lower().startswith(WEB):
            continue
        if stands_for is None or stands_for(source.uri) is None:
            raise invalid(
                _at(spot, f"inputs.{name}"),
                f"{source.uri} is outside of this machine, and amlbridge fetches nothing from the network: say which "
                f"file stands for it (`amlbridge map add {source.uri} PATH`), or pass the path of a file",
                "DataNotFound",
            )


def _at(spot: str, name: str) -> str:
    return f"{spot}.{name}" if spot else name


def _check_processes(node: Node, spot: str) -> None:
    if distribution.process_count(node) > MOST_PROCESSES:
        raise invalid(
            _at(spot, "distribution"),
            f"wants {distribution.process_count(node)} processes; amlbridge starts at most {MOST_PROCESSES} for a node",
            "DistributionNotSupported",
        )
