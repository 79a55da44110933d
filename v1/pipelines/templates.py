"""Published graphs, lowered once: what all runs of a published pipeline have in common stays in memory.

A published graph never changes, so its Plan changes only with the few values that it holds in itself
(:attr:`Lowered.settled`), with whether it goes on after a failed step, and with what the workspace's names (the latest
version of a dataset or of an environment) stand for.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from amlbridge.engine.plan import DataParameter, DataReference, Parameter, Scalar
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import graph, graph_parameters
from amlbridge.v1.graph import Lowered
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import graphs, run_columns, submissions
from amlbridge.v1.pipelines.recent import Recent
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError, bad_request

#: How many published pipelines are kept, and how many Plans of each.
_MOST_PIPELINES, _MOST_PLANS = 64, 8


@dataclass(frozen=True)
class Contract:
    """The parameters that a published pipeline takes; ``data`` says of each data parameter which kind it is."""

    parameters: tuple[Parameter, ...]
    data: Mapping[str, Literal["path", "dataset"]]

    @property
    def data_parameters(self) -> tuple[DataParameter, ...]:
        """The data parameters without their defaults."""
        return tuple(DataParameter(name) for name in self.data)


@dataclass(frozen=True)
class Template:
    """A Plan with the properties of its steps' runs. ``current`` says whether its names still stand for the same."""

    lowered: Lowered
    properties: Mapping[str, Mapping[str, str]]
    proceed: bool
    current: Callable[[], bool]

    def fits(self, values: Mapping[str, Scalar], proceed: bool) -> bool:
        """Whether it is the Plan for these values of all parameters."""
        settled = graph_parameters.with_values(self.lowered.plan.parameters, self.lowered.parameters)
        same = all(settled.get(name) == values.get(name) for name in self.lowered.settled)
        return same and proceed is self.proceed and self.current()


@dataclass
class _Known:
    contract: Contract
    templates: list[Template] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def contract(service: Service, workspace: Workspace, pipeline: Resource) -> Contract:
    """What a published pipeline takes."""
    return _known(service, workspace, pipeline).contract


def of(
    service: Service, workspace: Workspace, pipeline: Resource, values: Mapping[str, Scalar], proceed: bool
) -> Template:
    """The template for these values of the parameters that have one. Raises a 400 :class:`ServiceError`."""
    known = _known(service, workspace, pipeline)
    settled = graph_parameters.with_values(known.contract.parameters, values)
    # One at a time: many submits that come together need it lowered once.
    with known.lock:
        found = next((item for item in known.templates if item.fits(settled, proceed)), None)
        if found is None:
            found = _lower(service, workspace, _graph(service, workspace, pipeline), values, proceed)
            known.templates[:] = [item for item in known.templates if item.current()][1 - _MOST_PLANS :]
            known.templates.append(found)
    return found


def _known(service: Service, workspace: Workspace, pipeline: Resource) -> _Known:
    cache = service.part("published_templates", lambda: Recent[_Known](_MOST_PIPELINES))
    key = f"{workspace.id}/{pipeline.name}"
    known = cache.get(key)
    if known is None:
        interface = Fields(_graph(service, workspace, pipeline)["GraphInterface"], "GraphInterface")
        known = _Known(_contract(interface))
        cache.put(key, known)
    return known


def _graph(service: Service, workspace: Workspace, pipeline: Resource) -> dict[str, Any]:
    return service.records.resources.get(workspace.id, graphs.KIND, pipeline.body["GraphId"]).body


def _contract(interface: Fields) -> Contract:
    data: dict[str, Literal["path", "dataset"]] = {}
    for item in interface.objects("DataPathParameters"):
        data[item.required("Name")] = "path"
    for item in interface.objects("DataPathParameterList"):
        # A path that stands as the value of a dataset definition.
        literal = item.object("DefaultValue").object("LiteralValue").content
        data[item.required("Name")] = "path" if literal else "dataset"
    return Contract(graph_parameters.declared(interface), data)


def _lower(
    service: Service, workspace: Workspace, stored: Mapping[str, Any], values: Mapping[str, Scalar], proceed: bool
) -> Template:
    latest: dict[tuple[str | None, str | None], str] = {}

    def find(dataset_id: str | None, name: str | None, version: str | None) -> str:
        found = find_dataset(service, workspace, dataset_id, name, version)
        if version is None:
            latest[dataset_id, name] = found
        return found

    info = {"ParameterAssignments": dict(values), "ContinueRunOnStepFailure": proceed}
    creation = {**stored, "CreationInfo": info}
    parsed = submissions.parse(service, workspace, creation, find_dataset=find, complete=False)
    lowered = submissions.resolve(service, workspace, parsed)
    named = any(before is not after for before, after in zip(parsed.plan.nodes, lowered.plan.nodes, strict=True))

    def current() -> bool:
        try:
            same = all(find_dataset(service, workspace, *key, None) == found for key, found in latest.items())
            return same and (not named or submissions.resolve(service, workspace, parsed).plan == lowered.plan)
        except ServiceError:
            return False  # what it names has gone: lowering it again says so

    properties = run_columns.node_properties(service, workspace, lowered.plan, stored["Graph"])
    return Template(lowered, properties, proceed, current)


def find_dataset(
    service: Service, workspace: Workspace, dataset_id: str | None, name: str | None, version: str | None
) -> str:
    """:func:`graphs.find_dataset` for what a submit names: raises a 400 :class:`ServiceError`."""
    try:
        return graphs.find_dataset(service, workspace, dataset_id, name, version)
    except ServiceError as error:
        raise bad_request(error.message, "DatasetNotFound") from error


def filled(template: Template, values: Mapping[str, Scalar], data: Mapping[str, DataReference]) -> Lowered:
    """The template with the values of one run. Raises a 400 :class:`ServiceError` when a parameter has none."""
    plan = template.lowered.plan
    graph.check_complete(plan.parameters, values, plan.data_parameters, data)
    return dataclasses.replace(template.lowered, parameters=values, data_parameters=data)
