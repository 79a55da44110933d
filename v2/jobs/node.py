"""One node of a pipeline, or the one of a command job, as a node of a Plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from amlbridge.engine.parallel import task as parallel_task
from amlbridge.engine.plan import (
    Command,
    DataReference,
    Environment,
    Input,
    Node,
    NodePort,
    Output,
    ParameterRef,
    ParameterType,
    Piece,
    Registration,
    Value,
)
from amlbridge.v2.jobs import automl, bindings, commands, graph, kinds, literals, parallel, ports, settings
from amlbridge.v2.jobs.graph import Bound, Scope
from amlbridge.v2.jobs.reading import Section, invalid
from amlbridge.v2.jobs.sources import Assets

#: Where an output lies that asks for no place.
OUTPUT_PATH = "azureml/{run-id}/{output-name}"


@dataclass(frozen=True)
class Defaults:
    """What a pipeline settles for all of its nodes."""

    datastore: str
    compute: str | None
    #: Pipeline parameter -> the type that its first consumer declares.
    types: dict[str, ParameterType] = field(default_factory=dict)


@dataclass(frozen=True)
class Ports:
    """The inputs of a node: those that have a value, the optional ones that have none, the texts of literals."""

    inputs: Mapping[str, Input]
    absent: frozenset[str]
    literals: Mapping[str, str]


def lower(scope: Scope, name: str, node: Section, defaults: Defaults) -> Node:
    """A node of a pipeline. Raises a 400 ServiceError that names the node and the field."""
    kind = kinds.kind_of(node)
    made = Node(id=f"{scope.prefix}{name}", name=f"{scope.prefix}{name}", kind=kind)
    # The client of azure-ai-ml writes "compute" for an AutoML node, and "computeId" for all others.
    given = _literal_text(scope, node, "compute" if kind == "automl" else "computeId")
    compute = settings.compute_name(given) or scope.compute
    if kind == "automl":
        return _automl(scope, node, replace(made, resources=settings.resources(compute)), defaults.datastore)
    spec = scope.specification(name)
    kinds.check_component(node, spec, kind)
    # The hyperparameters of a sweep are inputs of its component that no value is given for.
    space = node.section("search_space").content.keys() if kind == "sweep" else frozenset[str]()
    found = _ports(scope, name, node, spec, defaults, space)
    outputs = _outputs(scope, node, spec, defaults.datastore)
    parts = kinds.parts(node, spec, kind)
    code, scripts = _code(scope.assets, spec, parts.code)
    command = Command()
    if parts.command is not None:
        command = commands.lower(
            parts.command,
            f"{node.spot}.command",
            inputs=found.inputs.keys() | (space & dict(spec.sections("inputs")).keys()),
            absent=found.absent,
            outputs=outputs.keys(),
            literals=found.literals,
            scripts=scripts,
            search_space=space,
        )
    plain, bound = _variables(scope, spec, node)
    trial = node.section("trial")
    resources = settings.resources(
        compute, node.section("resources"), trial.section("resources"), spec.section("resources")
    )
    options = kinds.options(node, kind)
    if kind == "parallel":
        wanted = parallel.settings(
            scope,
            node,
            spec,
            inputs=found.inputs,
            outputs=outputs,
            literals=found.literals,
            files=scripts,
            nodes=resources.nodes,
        )
        options = {parallel_task.OPTION: wanted.to_json()}
    return replace(
        made,
        command=_as_kind(command, kind),
        code=code,
        inputs=found.inputs,
        outputs=outputs,
        environment=environment(scope.assets, parts.environment, f"{node.spot}.environment"),
        variables=plain,
        parameter_variables=bound,
        resources=resources,
        distribution=settings.distribution(node.section("distribution"))
        or settings.distribution(spec.section("distribution")),
        deterministic=spec.flag("is_deterministic", "isDeterministic") is not False,
        retries=parts.retries,
        timeout=settings.timeout(*parts.limits),
        options=options,
    )


def _automl(scope: Scope, node: Section, made: Node, store: str) -> Node:
    """An AutoML node, which has no component: its tables are its inputs."""

    def value_of(text: str, spot: str) -> str:
        bound = scope.bind(text, spot) if bindings.has_any(text) else None
        return text if bound is None or bound.text is None else bound.text

    inputs = automl_inputs(scope, node, {name: name for _, name in automl.TABLES})
    rest = {name: item for name, item in node.content.items() if name not in (*inputs, "outputs")}
    said = {name: scope.output_settings(item) for name, item in node.sections("outputs")}
    return replace(
        made,
        inputs=inputs,
        outputs=automl_outputs(scope.assets, said, store, node.at("outputs")),
        options={"automl": automl.settings(automl.settled(Section(rest, node.spot), value_of)).to_json()},
    )


def automl_inputs(scope: Scope, said: Section, fields: Mapping[str, str]) -> dict[str, Input]:
    """The tables of an AutoML node or job; ``fields``: the names of its fields and of the Plan's inputs. Raises a 400
    when there is nothing to train with."""
    inputs = {}
    for field_name, name in fields.items():
        bound = scope.bind(said.get(field_name), said.at(field_name), "mltable")
        if bound is not None:
            declared = Section({"type": "mltable"}, said.at(field_name))
            inputs[name] = replace(as_input(scope.assets, bound, declared, declared.spot), mode="mount")
        elif name == "training_data":
            raise invalid(said.at(field_name), "is missing", "MissingInput")
    return inputs


def automl_outputs(assets: Assets, said: Mapping[str, list[Section]], store: str, spot: str) -> dict[str, Output]:
    """The outputs of an AutoML node or job, with what is said about each. Raises a 400 for any but the model."""
    found = {}
    for name, items in said.items():
        if name != automl.BEST_MODEL:
            raise invalid(f"{spot}.{name}", f"AutoML has the one output {automl.BEST_MODEL}", "UnknownReference")
        # Clients say uri_folder, or nothing, of what is always an MLflow model.
        made = as_output(assets, Section({}, f"{spot}.{name}"), items, store, f"{spot}.{name}")
        found[name] = replace(made, type="mlflow_model")
    return found


def _as_kind(command: Command, kind: str) -> Command:
    # What is no command has a driver of its own: a script would have to be in the snapshot all the same.
    return command if kind != "pipeline" else Command()


def environment(assets: Assets, reference: str | None, spot: str) -> Environment:
    """The environment of a command. Raises a 400 when it names none."""
    if not reference:
        raise invalid(spot, "is missing: give the command an environment", "EnvironmentMissing")
    return assets.environment(reference, spot)


def _code(assets: Assets, spec: Section, reference: str | None) -> tuple[str | None, frozenset[str]]:
    if reference is None:
        return None, frozenset()
    digest = assets.code(reference, spec.at("code"))
    return digest, frozenset(assets.files(digest))


# -- inputs ------------------------------------------------------------------------------------------------------------


def _ports(
    scope: Scope, name: str, node: Section, spec: Section, defaults: Defaults, swept: Collection[str] = ()
) -> Ports:
    declared = dict(spec.sections("inputs"))
    graph.check_names(node, "inputs", declared)
    inputs: dict[str, Input] = {}
    texts: dict[str, str] = {}
    absent = set()
    for key, item in declared.items():
        if key in swept:
            continue
        bound = scope.input_of(name, key, item)
        if bound is None:
            absent.add(key)
            continue
        inputs[key] = as_input(scope.assets, bound, item, node.section("inputs").at(key), defaults.types)
        if literals.is_literal(item.text("type")):
            texts[key] = bound.text or ""
    return Ports(inputs, frozenset(absent), texts)


def as_input(
    assets: Assets, bound: Bound, declared: Section, spot: str, types: dict[str, ParameterType] | None = None
) -> Input:
    """The input that a declaration makes of what is bound to it. Raises a 400 when the types do not fit."""
    kind = declared.text("type")
    if literals.is_literal(kind):
        if bound.primitive is not None:
            return _written_by_a_step(bound, str(kind), spot)
        if bound.text is None:
            raise invalid(spot, f"wants a literal ({kind}), but is given {bound.type}", "TypeMismatch")
        literals.check(bound.text, declared, spot)
        if types is not None and isinstance(bound.source, ParameterRef):
            types.setdefault(bound.source.name, literals.TYPES[str(kind).lower()])
        return Input(bound.source)
    wanted = ports.data_type(kind, declared.at("type"), "any")
    source, given = bound.source, bound.type
    if bound.text is not None:
        if not _is_path(bound.text):
            raise invalid(spot, f"wants {wanted}, but is given the literal {bound.text!r}", "TypeMismatch")
        source = assets.data(bound.text, wanted, spot)
        given = source.type
    elif isinstance(source, DataReference):
        given = source.type
    if isinstance(source, NodePort):
        # Data from outside are read as they are: Microsoft's tutorial gives a uri_file where a uri_folder is wanted.
        ports.check_fit(given, wanted, spot, f"the output {source.port!r} of {source.node!r}")
    mode = ports.input_mode(spot, bound.mode, declared.text("mode"))
    evaluated = ports.is_evaluated(bound.mode, declared.text("mode"))
    return Input(source, wanted if wanted != "any" else given, mode, evaluated=evaluated)


def _written_by_a_step(bound: Bound, wanted: str, spot: str) -> Input:
    """A literal that is known once the step that makes it has ended: Azure's control outputs."""
    given, kind = literals.TYPES[str(bound.primitive).lower()], literals.TYPES[wanted.lower()]
    if kind not in (given, "string") and (given, kind) != ("integer", "number"):
        raise invalid(spot, f"wants a literal ({wanted}), but is given one of type {bound.primitive}", "TypeMismatch")
    return Input(bound.source, "uri_file", "value")


def _is_path(text: str) -> bool:
    return text.startswith(("azureml:", "/subscriptions/")) or "://" in text


# -- outputs -----------------------------------------------------------------------------------------------------------


def _outputs(scope: Scope, node: Section, spec: Section, store: str) -> dict[str, Output]:
    declared = dict(spec.sections("outputs"))
    graph.check_names(node, "outputs", declared)
    holder = node.section("outputs")
    found = {}
    for name, item in declared.items():
        said = scope.output_settings(Section(holder.content.get(name), holder.at(name)))
        found[name] = as_output(scope.assets, item, said, store, holder.at(name))
    return found


def as_output(assets: Assets, declared: Section, said: list[Section], store: str, spot: str) -> Output:
    """The output of a declaration with what is said about it elsewhere, the outermost place first."""
    types = [declared.text("type", "jobOutputType"), *(ports.kind_of(item) for item in said)]
    kind = ports.output_type(next((item for item in types if item and item != "literal"), None), spot)
    mode = ports.output_mode(spot, *(item.text("mode") for item in said), declared.text("mode"))
    uri = next((text for item in said if (text := item.text("uri", "path"))), None)
    place = (store, OUTPUT_PATH)
    if uri is not None:
        place = assets.output(_macros(uri, store, spot), spot)
    return Output(*place, type=kind, mode=mode, registration=_registration(said))


def _macros(path: str, store: str, spot: str) -> str:
    """``store``: the name of the default datastore."""
    pieces = []
    for item in bindings.split(path):
        if isinstance(item, str):
            pieces.append(item)
        elif item.name in ("name", "run.id", "run_id"):
            pieces.append("{run-id}")
        elif item.name in ("output_name", "output.name"):
            pieces.append("{output-name}")
        elif item.name == "default_datastore":
            pieces.append(store)
        else:
            raise invalid(
                spot, f"${{{{{item.name}}}}} is no macro of a path: name, output_name and default_datastore are"
            )
    return "".join(pieces)


def _registration(said: list[Section]) -> Registration | None:
    for item in said:
        name = item.text("asset_name", "assetName", "name")
        if name is not None:
            version = item.label("asset_version", "assetVersion", "version")
            return Registration(name, item.text("description"), version=version)
    return None


# -- the rest ----------------------------------------------------------------------------------------------------------


def _literal_text(scope: Scope, node: Section, name: str) -> str | None:
    text = node.text(name)
    if text is None or not bindings.has_any(text):
        return text
    bound = scope.bind(text, node.at(name))
    return bound.text if bound is not None else None


def _variables(scope: Scope, spec: Section, node: Section) -> tuple[dict[str, str], dict[str, Piece]]:
    plain: dict[str, str] = {}
    bound: dict[str, Piece] = {}
    given = {
        **spec.texts("environment_variables", "environmentVariables"),
        **node.texts("environment_variables", "environmentVariables"),
    }
    for name, text in given.items():
        if not bindings.has_any(text):
            plain[name] = text
            continue
        found = scope.bind(text, f"{node.spot}.environment_variables.{name}")
        if found is not None and isinstance(found.source, ParameterRef):
            bound[name] = found.source
        elif found is not None and isinstance(found.source, Value):
            plain[name] = found.text or ""
    return plain, bound
