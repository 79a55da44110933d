"""Lowers jobs of SDK v2 to a Plan: pipeline jobs, command jobs, and the kinds whose engines are still to come.

The body is what the client puts (protocol notes, section 5). Everything that could fail later is found here and named
with its place (``jobs.train.inputs.data``), before anything is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from amlbridge.engine import plan_json
from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import (
    DataParameter,
    DataParameterRef,
    DataReference,
    Node,
    NodePort,
    Output,
    Parameter,
    ParameterRef,
    Plan,
    Settings,
    Value,
)
from amlbridge.engine.sweep.settings import OPTION
from amlbridge.v2.jobs import automl, commands, graph, kinds, literals, ports, settings, sweeps
from amlbridge.v2.jobs import node as nodes
from amlbridge.v2.jobs.graph import Bound, Scope
from amlbridge.v2.jobs.reading import Section, invalid
from amlbridge.v2.jobs.sources import Assets
from amlbridge.wire.errors import bad_request

#: The id of the only node of a job that is no pipeline.
NODE = "run"


@dataclass(frozen=True)
class Nested:
    """A sub-pipeline of a job. ``nodes`` are the ids of the nodes that stand in it directly, ``inside`` is the path of
    the one around it; ``section``: its node as the client sent it; ``outputs``: name -> the port that writes it."""

    path: str
    inside: str | None
    nodes: tuple[str, ...]
    name: str
    component: str
    section: Section
    outputs: Mapping[str, NodePort]
    compute: str | None


@dataclass(frozen=True)
class Lowered:
    """A Plan and where its nodes stand in the job: id -> ``jobs.train``.

    ``components``: id -> the component's name; ``sections``: id -> the node as the client sent it.
    """

    plan: Plan
    places: Mapping[str, str]
    components: Mapping[str, str] = field(default_factory=dict)
    sections: Mapping[str, Section] = field(default_factory=dict)
    single: bool = False
    subpipelines: tuple[Nested, ...] = ()


def lower(properties: Mapping[str, Any], assets: Assets) -> Lowered:
    """The Plan of a job. ``properties`` are those of the body. Raises a 400 ServiceError."""
    job = Section(properties, "")
    kind = job.required("jobType", "job_type").lower()
    if kind == "pipeline":
        return _pipeline(job, assets)
    if kind == "command":
        return _command(job, job, assets)
    if kind == "sweep":
        return _sweep(job, assets)
    if kind == "automl":
        return _automl(job, assets)
    if kind == "parallel":
        raise invalid("jobType", "a parallel job is always a node of a pipeline: call it in a @dsl.pipeline function")
    raise kinds.refusal("jobType", kind)


# -- pipelines ---------------------------------------------------------------------------------------------------------


def _pipeline(job: Section, assets: Assets) -> Lowered:
    spec = _component(job, assets)
    said = job.section("settings")
    given, parameters, data = _given(job, spec, assets)
    compute = settings.compute_name(said.text("default_compute", "defaultCompute") or job.text("computeId"))
    compute = compute or settings.SERVERLESS
    store = said.text("default_datastore", "defaultDatastore")
    top = Scope(
        assets,
        spec.section("jobs") if spec is not None and not job.section("jobs").content else job.section("jobs"),
        given=given,
        outputs=_outputs(job, spec),
        compute=compute,
    )
    defaults = nodes.Defaults(
        assets.datastore(store, said.at("default_datastore")) if store else assets.default_datastore(), compute
    )
    made, places, components, sections = [], {}, {}, {}
    for scope, name, node in top.steps():
        lowered = nodes.lower(scope, name, node, defaults)
        made.append(lowered)
        places[lowered.id] = node.spot
        sections[lowered.id] = node
        if lowered.kind != "automl":
            found = scope.specification(name)
            components[lowered.id] = found.text("name") or found.spot
    if not made:
        raise invalid("jobs", "the pipeline has no nodes", "EmptyPipeline")
    typed = tuple(replace(item, type=defaults.types.get(item.name, item.type)) for item in parameters)
    plan = Plan(
        nodes=_ordered(made, said),
        parameters=typed,
        data_parameters=data,
        outputs=_ends(top, job, spec),
        settings=Settings(
            continue_on_failure=bool(said.flag("continue_on_step_failure", "continueOnStepFailure")),
            force_rerun=bool(said.flag("force_rerun", "forceRerun")),
            default_compute=compute,
        ),
        description=job.text("description"),
    )
    _check_order(plan)
    return Lowered(plan, places, components, sections, subpipelines=tuple(map(_nested, top.subpipelines())))


def _nested(scope: Scope) -> Nested:
    around = scope.around
    assert around is not None
    name = scope.path.removeprefix(around.prefix)
    if not any(True for _ in scope.steps()):
        raise invalid(scope.section.spot, "the pipeline has no nodes", "EmptyPipeline")
    return Nested(
        path=scope.path,
        inside=around.path or None,
        nodes=tuple(f"{scope.prefix}{node}" for node, item in scope.jobs.items() if graph.kind(item) != "pipeline"),
        name=name,
        component=around.specification(name).text("name") or name,
        section=scope.section,
        outputs=dict(scope.ends()),
        compute=scope.compute,
    )


def _component(job: Section, assets: Assets) -> Section | None:
    """The specification of a registered pipeline component that the whole job is; the client may send its nodes too."""
    reference = job.text("componentId")
    if reference is None:
        return None
    spec = graph.component(assets, reference, "componentId")
    if (spec.text("type") or "").lower() != "pipeline":
        raise invalid("componentId", f"is a component of type {spec.text('type')!r}, not a pipeline")
    return spec


def _given(
    job: Section, spec: Section | None, assets: Assets
) -> tuple[dict[str, Bound | None], tuple[Parameter, ...], tuple[DataParameter, ...]]:
    """The inputs of the whole pipeline: literals become parameters, data become data parameters."""
    declared = dict(spec.sections("inputs")) if spec is not None else {}
    holder = job.section("inputs")
    if spec is not None:
        graph.check_names(job, "inputs", declared)
    reader = Scope(assets, Section({}, "jobs"), given={}, outputs={}, compute=None)
    given: dict[str, Bound | None] = {}
    parameters, data = [], []
    for name in {**declared, **holder.content}:
        item = declared.get(name, Section({}, holder.at(name)))
        bound = reader.bind(holder.content.get(name), holder.at(name), _wanted(item))
        if bound is None:
            bound = _default(item, holder.at(name))
        if bound is None:
            given[name] = None
            continue
        if item.content and item.text("type"):
            checked = nodes.as_input(assets, bound, item, holder.at(name))
            if isinstance(checked.source, DataReference):
                bound = replace(bound, source=checked.source, text=None, type=checked.type)
        if isinstance(bound.source, DataReference):
            data.append(DataParameter(name, bound.type, bound.source))
            given[name] = replace(bound, source=DataParameterRef(name))
        else:
            kind = literals.TYPES.get((item.text("type") or "string").lower(), "string")
            parameters.append(Parameter(name, kind, bound.text))
            given[name] = replace(bound, source=ParameterRef(name))
    return given, tuple(parameters), tuple(data)


def _wanted(declared: Section) -> Any:
    kind = declared.text("type")
    return "any" if kind is None or literals.is_literal(kind) else ports.data_type(kind, declared.at("type"), "any")


def _default(declared: Section, spot: str) -> Bound | None:
    text = declared.label("default")
    if text is not None:
        return Bound(Value(text), text)
    if declared.content and not declared.flag("optional"):
        raise invalid(spot, "is required and has no value", "MissingInput")
    return None


def _outputs(job: Section, spec: Section | None) -> dict[str, Section]:
    """What is said about the outputs of the whole pipeline, by name."""
    holder = job.section("outputs")
    declared = dict(spec.sections("outputs")) if spec is not None else {}
    if spec is not None:
        graph.check_names(job, "outputs", declared)
    found = {}
    for name in {**declared, **holder.content}:
        more = declared[name].content if name in declared else {}
        said = Section(holder.content.get(name), holder.at(name)).content
        found[name] = Section(
            {**more, **{key: item for key, item in said.items() if item is not None}}, holder.at(name)
        )
    return found


def _ends(top: Scope, job: Section, spec: Section | None) -> dict[str, NodePort]:
    ends = {}
    for name, said in _outputs(job, spec).items():
        bound = top.port(name)
        if bound is None:
            raise invalid(said.spot, "no node of the pipeline writes this output", "UnboundOutput")
        assert isinstance(bound.source, NodePort)
        ends[name] = bound.source
    return ends


def _ordered(made: list[Node], said: Section) -> tuple[Node, ...]:
    """The nodes, with the one of ``on_init`` before all others."""
    first, last = said.text("on_init", "onInit"), said.text("on_finalize", "onFinalize")
    if last is not None:
        raise invalid(
            said.at("on_finalize"),
            "amlbridge runs no node after a pipeline has failed: leave on_finalize out",
            "NotSupportedHere",
        )
    if first is None:
        return tuple(made)
    if first not in {node.id for node in made}:
        raise invalid(said.at("on_init"), f"there is no node {first!r}", "UnknownReference")
    return tuple(node if node.id == first else replace(node, after=(*node.after, first)) for node in made)


def _check_order(plan: Plan) -> None:
    try:
        plan_json.topological_order(plan)
    except PlanError as error:
        raise bad_request(f"jobs: {error}", "CyclicPipeline") from error


# -- jobs of one node --------------------------------------------------------------------------------------------------


def _command(job: Section, trial: Section, assets: Assets) -> Lowered:
    """A command job; ``trial`` is where the command and what belongs to it stand."""
    reader = Scope(assets, Section({}, "jobs"), given={}, outputs={}, compute=None)
    inputs, texts = {}, {}
    holder = job.section("inputs")
    for name, content in holder.content.items():
        bound = reader.bind(content, holder.at(name))
        if bound is None:
            continue
        kind = "string" if bound.text is not None else bound.type
        inputs[name] = nodes.as_input(assets, bound, Section({"type": kind}, holder.at(name)), holder.at(name))
        if bound.text is not None:
            texts[name] = bound.text
    reference = trial.text("codeId")
    code = assets.code(reference, trial.at("codeId")) if reference else None
    outputs = _single_outputs(job, assets)
    command = commands.lower(
        trial.required("command"),
        trial.at("command"),
        inputs=inputs.keys(),
        absent=(),
        outputs=outputs.keys(),
        literals=texts,
        scripts=frozenset(assets.files(code)) if code else (),
        search_space=job.section("searchSpace").content.keys(),
    )
    made = Node(
        id=NODE,
        name=job.text("displayName") or "command",
        command=command,
        code=code,
        inputs=inputs,
        outputs=outputs,
        environment=nodes.environment(assets, trial.text("environmentId"), trial.at("environmentId")),
        variables=trial.texts("environmentVariables"),
        resources=settings.resources(_single_compute(job, trial), trial.section("resources"), job.section("resources")),
        distribution=settings.distribution(trial.section("distribution")),
        # Azure runs a job of its own each time that it is submitted.
        deterministic=False,
        timeout=settings.timeout(job.section("limits")) if trial is job else None,
    )
    return Lowered(Plan((made,), description=job.text("description")), {NODE: ""}, single=True)


def _single_outputs(job: Section, assets: Assets) -> dict[str, Output]:
    store = assets.default_datastore()
    return {name: nodes.as_output(assets, item, [item], store, item.spot) for name, item in job.sections("outputs")}


def _single_compute(job: Section, trial: Section) -> str:
    if settings.is_local(trial.section("resources")):
        return settings.LOCAL
    return settings.compute_name(job.text("computeId")) or settings.SERVERLESS


def _sweep(job: Section, assets: Assets) -> Lowered:
    for name in ("searchSpace", "objective", "samplingAlgorithm"):
        if not job.get(name):
            raise invalid(name, "is missing", "MissingField")
    lowered = _command(job, job.section("trial"), assets)
    settings_of = {OPTION: sweeps.read(job).json()}
    return _with(lowered, replace(lowered.plan.nodes[0], kind="sweep", options=settings_of))


def _automl(job: Section, assets: Assets) -> Lowered:
    task = job.section("taskDetails")
    reader = Scope(assets, Section({}, "jobs"), given={}, outputs={}, compute=None)
    inputs = nodes.automl_inputs(reader, task, dict(automl.TABLES))
    said = {name: [item] for name, item in job.sections("outputs")}
    made = Node(
        NODE,
        job.text("displayName") or "automl",
        kind="automl",
        inputs=inputs,
        outputs=nodes.automl_outputs(assets, said, assets.default_datastore(), "outputs"),
        resources=settings.resources(_single_compute(job, job), job.section("resources")),
        deterministic=False,
        options={"automl": automl.settings(task).to_json()},
    )
    return Lowered(Plan((made,), description=job.text("description")), {NODE: ""}, single=True)


def _with(lowered: Lowered, node: Node) -> Lowered:
    return replace(lowered, plan=replace(lowered.plan, nodes=(node,)))
