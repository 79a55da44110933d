"""Pipelines become functions: ``Pipeline`` -> ``@dsl.pipeline``.

The function has the pipeline's parameters, makes a node of each step's component and binds outputs to inputs. It is
called where the pipeline was submitted. Steps are called in the order in which data and ``run_after`` want them. A step
that is in the list only under a condition (``if args.evaluate: steps.append(evaluate)``) is called under it there.
A function that returns the list of steps returns the function of the pipeline instead.

Steps that are made in a loop, or by functions and methods that get data between steps, are known only when the code
runs: that code moves into the function of the pipeline, and makes nodes there. The functions stay where they are.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import cast

from amlbridge.migrate import traced
from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Code, Instance
from amlbridge.migrate.models.code.additions import base
from amlbridge.migrate.models.code.names import identifier, node_name
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets.data import DATASETS, REFERENCES, follow, input_code
from amlbridge.migrate.models.jobs.arguments import Port
from amlbridge.migrate.models.jobs.submit_settings import with_settings
from amlbridge.migrate.models.pipelines.building import Buildings
from amlbridge.migrate.models.pipelines.built_nodes import pipeline_code
from amlbridge.migrate.models.pipelines.conditions import Condition, Conditions
from amlbridge.migrate.models.pipelines.flow import Flow, StepLeftError
from amlbridge.migrate.models.pipelines.handed_pipelines import given_pipeline
from amlbridge.migrate.models.pipelines.intermediate_paths import default_store
from amlbridge.migrate.models.pipelines.reach import check_reach, undefined_step
from amlbridge.migrate.models.pipelines.rebound import Rebound
from amlbridge.migrate.models.pipelines.returned_pipelines import returned_pipeline
from amlbridge.migrate.models.pipelines.step_chains import loops_of
from amlbridge.migrate.models.steps.steps import Step
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "pipelines",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
epochs = PipelineParameter(name="epochs", default_value=10)
check = PythonScriptStep("check.py", name="check", compute_target="cpu", runconfig=env)
train = PythonScriptStep(
    "train.py",
    name="train",
    arguments=["--epochs", epochs],
    compute_target="cpu",
    runconfig=env,
)
train.run_after(check)
pipeline = Pipeline(workspace=ws, steps=[check, train], description="nightly")
pipeline.validate()
run = Experiment(ws, "nightly").submit(pipeline, pipeline_parameters={"epochs": 3})
""",
            """\
from azure.ai.ml import Input, MLClient, Output, command, dsl
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
check_component = command(
    name="check",
    outputs={"order_token": Output(type="uri_folder")},
    code=".",
    command="python check.py && echo done > ${{outputs.order_token}}/done",
    environment=env,
    compute="cpu",
)
train_component = command(
    name="train",
    inputs={"epochs": Input(type="integer"), "after_check": Input(type="uri_folder")},
    code=".",
    command="python train.py --epochs ${{inputs.epochs}}",
    environment=env,
    compute="cpu",
)


@dsl.pipeline(description="nightly")
def pipeline(epochs=10):
    check = check_component()
    train = train_component(epochs=epochs, after_check=check.outputs.order_token)


ml_client.jobs.validate(pipeline())
run = ml_client.jobs.create_or_update(pipeline(epochs=3), experiment_name="nightly")
""",
        ),
        Case(
            """\
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

steps = []
parts = []
for region in ["north", "south"]:
    part = PipelineData(f"part_{region}")
    step = PythonScriptStep(
        "train.py",
        name=f"train {region}",
        arguments=["--region", region, "--out", part],
        outputs=[part],
        compute_target="cpu",
        runconfig=env,
    )
    steps.append(step)
    parts.append(part)
compare = PythonScriptStep("compare.py", name="compare", inputs=parts, compute_target="cpu", runconfig=env)
steps.append(compare)
pipeline = Pipeline(ws, steps=steps)
""",
            """\
from azure.ai.ml import Input, Output, command, dsl


@dsl.pipeline()
def pipeline():
    parts = []
    for region in ["north", "south"]:
        step_component = command(
            display_name=f"train {region}",
            inputs={"region": region},
            outputs={"out": Output(type="uri_folder")},
            code=".",
            command="python train.py --region '${{inputs.region}}' --out ${{outputs.out}}",
            environment=env,
            compute="cpu",
        )
        step = step_component()
        part = step.outputs.out
        parts.append(part)
    compare_inputs = {f"data_{number}": data for number, data in enumerate(parts)}
    compare_component = command(
        name="compare",
        inputs={name: Input(type="uri_folder") for name in compare_inputs},
        code=".",
        command="python compare.py",
        environment=env,
        compute="cpu",
    )
    compare = compare_component(**compare_inputs)
""",
        ),
    ],
)


_Handed = tuple[tuple[ast.expr, ...], tuple[str, ...]]


@rule.converts("Pipeline")
def pipeline(use: Use, to: Rewriter) -> Outcome:
    """The function of a pipeline, where the pipeline was made."""
    if use.call is None:
        return Replace("object")
    listed = use.argument("steps", position=1)
    if listed is None:
        return Leave("a pipeline needs steps")
    known = traced.of_call(listed, to)
    if known is not None:
        return traced.convert(use, known, to)
    flow = Flow.of(to)
    building = Buildings.of(to).of_pipeline(use)
    try:
        chained = loops_of(listed, flow, at_run_time=building is not None)
    except ValueError:
        for step in flow.unclaimed():
            to.attempt.keep(step.use.node, use)
        raise
    if building is not None:
        return pipeline_code(building, to)
    given = given_pipeline(listed, use, to) or returned_pipeline(listed, use, to)
    if given is not None:
        return given
    try:
        steps = flow.closure(flow.listed(listed))
    except StepLeftError as error:
        return to.left_with(use, error.use)
    except ValueError as error:
        for step in flow.unclaimed():  # they may be its steps: a pipeline of SDK v1 takes no components
            to.attempt.keep(step.use.node, use)
        raise ValueError(undefined_step(listed, to) or Buildings.of(to).failed.get(use.node) or error) from error
    for step in steps:
        if not step.given and use.node in Buildings.of(to).failed:
            raise ValueError(Buildings.of(to).failed[use.node])
        if not step.given:
            check_reach(step.use.node, use.node, to)
        inside = use.node in to.evaluator.scopes.ancestors(step.use.node)
        if inside and isinstance(to.outcome(step.use), Leave):  # nobody else asks for its component
            return to.left_with(use, step.use)
    variable = Objects.of(to).variable(use.node)
    name = variable.id if variable is not None else to.fresh("pipeline_function")
    conditions = Conditions(listed, use.node, steps, flow)
    code = function_code(name, use, steps, conditions, to)
    to.memory["pipeline", use.node] = steps
    for loop in chained:
        to.remove(loop)
    remove_lists(listed, to)
    if variable is not None:
        return Statements(code, conditions.review)
    to.before(use.statement, code)
    return Replace(name, conditions.review)


def function_code(
    name: str,
    use: Use | None,
    steps: list[Step],
    conditions: Conditions,
    to: Rewriter,
    *,
    elsewhere: bool = False,
) -> str:
    """The function of a pipeline. ``use``: what made the pipeline, None where that is in another function that may be
    called with others; ``elsewhere``: it is in another function, of which only literals can be taken."""
    inside = [re.split("[:=]", code)[0] for code in _parameters(steps, to)] + [step.node for step in steps]
    rebound = Rebound(None if elsewhere else use, inside, to)
    computes = [rebound.held(step.settings.compute, step) for step in steps]
    compute = _common_compute(computes, steps, to) if use is not None and not elsewhere else ""
    lines = function_head(name, use, steps, to, compute, elsewhere=elsewhere)
    open_one: Condition | None = None
    for step, wanted in zip(steps, computes, strict=True):
        condition = conditions.of(step)
        if condition is not None and condition != open_one:
            lines.append(f"    if {condition.code(to)}:")
        open_one = condition
        indent = "    " if condition is None else "        "
        in_file = not step.given and step.file(to) is not None
        ports = [port for port in step.arguments.inputs if in_file or not port.literal]
        bound = [f"{port.name}={_bound(port, to)}" for port in ports]
        tokens = [(name, first, f"{first.node}.outputs.{first.token}") for name, first in step.waits()]
        bound += [f"{name}={token}{conditions.asked(step, first)}" for name, first, token in tokens]
        made = step.node_lines(bound, to)
        if in_file and wanted and wanted != compute:
            made.insert(1, f"{step.node}.compute = {wanted}")
        lines += [f"{indent}{rebound.held(line, step)}" for line in made]
    outputs = _outputs([step for step in steps if conditions.of(step) is None], to)
    if outputs:
        lines.append(f"    return {{{', '.join(outputs)}}}")
    return "\n".join(lines)


def function_head(
    name: str,
    use: Use | None,
    steps: list[Step],
    to: Rewriter,
    compute: str = "",
    *,
    elsewhere: bool = False,
    handed: Sequence[ast.expr] = (),
    more: Sequence[str] = (),
) -> list[str]:
    """The first lines of the function of a pipeline. ``compute``: code of the one that nodes take which name none;
    ``handed``, ``more``: further parameters, which its code hands on to functions: what made them, and code."""
    dsl = to.need("azure.ai.ml", "dsl")
    description = use.argument("description") if use is not None else None
    if elsewhere and not isinstance(description, ast.Constant | None):
        raise ValueError("the pipeline is described in another function than that which makes its steps")
    component = node_name(name)
    decorated = [f'name="{component}"'] if component != name and _is_published(to) else []
    decorated += [f"description={to.source(description)}"] if description is not None else []
    decorated += [f"default_compute={compute}"] if compute else []
    decorated += default_store(use, to) if use is not None and not _is_published(to) else []
    parameters = dict.fromkeys([*_parameters(steps, to, handed), *more])
    return [f"@{dsl}.pipeline({', '.join(decorated)})", f"def {name}({', '.join(parameters)}):"]


def _common_compute(each: list[str], steps: list[Step], to: Rewriter) -> str:
    """The compute of all steps, where components in YAML leave it to the pipeline; "" when they differ.

    A published pipeline is a component, which has no default compute: its nodes name theirs."""
    wanted = next((code for code, step in zip(each, steps, strict=True) if step.default_compute), "")
    computes = {wanted} if wanted else set(each)
    if (
        len(computes) != 1
        or _is_published(to)
        or not (wanted or any(not step.given and step.file(to) is not None for step in steps))
    ):
        return ""
    return computes.pop()


def _is_published(to: Rewriter) -> bool:
    """Whether the module publishes pipelines: they are components then, with names of lower letters."""
    published = ("Published", "PipelineEndpoint"), ("publish", "publish_pipeline")
    return any(other.symbol.startswith(published[0]) or other.symbol.endswith(published[1]) for other in to.uses)


def _bound(port: Port, to: Rewriter) -> str:
    if port.outer:
        return port.outer
    if port.parameter is not None:
        return parameter_name(port.parameter, to)
    if port.source is not None:
        producer = Flow.of(to).producer(port.source)
        output = producer.writes(port.source) if producer is not None else None
        if producer is not None and output is not None:
            return f"{output.node or producer.node}.outputs.{output.name}"
    if not port.value:
        raise ValueError(f"no step of the pipeline writes the input {port.name}")
    return port.value


def parameter_name(origin: ast.expr, to: Rewriter) -> str:
    """The name of a pipeline parameter in the pipeline's function."""
    use = to.use_of(origin)
    name = use.argument("name", position=0) if use is not None else None
    text = to.evaluator.text(name) if name is not None else None
    if text is None:
        variable = Objects.of(to).variable(origin)
        text = variable.id if variable is not None else None
    if text is None:
        raise ValueError("the name of a pipeline parameter cannot be told")
    return identifier(text, "parameter")


def _parameters(steps: list[Step], to: Rewriter, handed: Sequence[ast.expr] = ()) -> list[str]:
    """The parameters of the function; those for data come first: they have a type instead of a default."""
    origins: dict[ast.expr, Port] = {}
    for step in steps:
        for port in step.arguments.inputs:
            if port.parameter is not None:
                origins.setdefault(port.parameter, port)
    data, values = [f"{port.outer}: {port.declared}" for port in outer_data(steps)], []
    for origin in sorted({*origins, *handed}, key=lambda node: (node.lineno, node.col_offset)):
        default = _default(origin)
        name = parameter_name(origin, to)
        if (default is None or _is_data(default, to)) and origin not in origins:
            raise ValueError("data that is a parameter of the pipeline is handed to a function: read it in the step")
        if default is None or _is_data(default, to):
            data.append(f"{name}: {origins[origin].declared}")
        else:
            values.append(f"{name}={to.source(default)}")
    values += [parameter for step in steps for parameter in step.parameters]
    return list(dict.fromkeys([*data, *values]))


def _default(origin: ast.expr) -> ast.expr | None:
    if not isinstance(origin, ast.Call):
        return None
    named = next((keyword.value for keyword in origin.keywords if keyword.arg == "default_value"), None)
    return named if named is not None else origin.args[1] if len(origin.args) > 1 else None


def _is_data(node: ast.expr, to: Rewriter) -> bool:
    kind = to.evaluator.type_of(node)
    return kind in DATASETS | REFERENCES


def _outputs(steps: list[Step], to: Rewriter) -> list[str]:
    found = []
    for step in steps:
        found += [f'"{name}": {step.node}.outputs.{output}' for name, output in step.results.items()]
        for port in step.arguments.outputs:
            use = to.use_of(port.source) if port.source is not None else None
            name = use.argument("pipeline_output_name") if use is not None else None
            text = to.evaluator.text(name) if name is not None else None
            if text is not None:
                found.append(f'"{identifier(text)}": {port.node or step.node}.outputs.{port.name}')
    return found


def remove_lists(node: ast.expr, to: Rewriter) -> None:
    """Removes the statements that only put the list of steps together."""
    if not isinstance(node, ast.Name):
        return
    value = to.evaluator.value(node)
    scope = to.evaluator.scopes.of(node)
    bindings = scope.bindings.get(node.id, [])
    lookup = to.evaluator.scopes.lookup
    reads = [name for name in Objects.of(to).reads(node.id) if name is not node]
    reads = [name for name in reads if to.removed.isdisjoint(to.evaluator.scopes.ancestors(name))]
    reads = [name for name in reads if any(found.scope is scope for found in lookup(name.id, name))]
    own = base(node, to)
    if own is not None and len(bindings) > 1 and all(binding.kind == "assign" for binding in bindings):
        bindings, reads = (
            [own],
            [name for name in reads if base(name, to) is own],
        )  # the next list is another pipeline's
    appends = [_append(name, to) for name in reads]
    made = value.node if isinstance(value, Code) else bindings[0].value if bindings else None
    values = [made] if len(bindings) == 1 else [binding.value for binding in bindings]
    if not bindings or not all(_is_list(item) for item in values) or any(statement is None for statement in appends):
        return
    for statement in [*(binding.statement for binding in bindings), *appends]:
        if statement is not None:
            to.remove(statement)


def _is_list(made: ast.AST | None) -> bool:
    empty = isinstance(made, ast.Call) and not made.args and not made.keywords
    return isinstance(made, (ast.List, ast.Tuple)) or empty


def _append(name: ast.Name, to: Rewriter) -> ast.stmt | None:
    attribute = to.evaluator.scopes.parents.get(name)
    call = to.evaluator.scopes.parents.get(attribute) if isinstance(attribute, ast.Attribute) else None
    statement = to.evaluator.scopes.parents.get(call) if isinstance(call, ast.Call) else None
    if (
        isinstance(statement, ast.Expr)
        and isinstance(attribute, ast.Attribute)
        and attribute.attr in ("append", "extend")
    ):
        return statement
    return None


@rule.converts("Pipeline.validate")
def validate(use: Use, to: Rewriter) -> Outcome:
    """Validates the job, with the service's help."""
    assert use.receiver is not None
    return Replace(f"{to.client(use.node)}.jobs.validate({job_code(use.receiver, None, to)})")


@rule.converts("Pipeline._set_experiment_name")
def set_experiment(use: Use, to: Rewriter) -> Outcome:
    """The call that submits the pipeline names the experiment."""
    return Statements("", "the call of jobs.create_or_update names the experiment")


@rule.converts("Pipeline.submit")
def submit(use: Use, to: Rewriter) -> Outcome:
    """``pipeline.submit(experiment_name, pipeline_parameters)``."""
    assert use.receiver is not None
    name = use.argument("experiment_name", position=0)
    parameters = use.argument("pipeline_parameters", position=1)
    job = with_settings(job_code(use.receiver, parameters, to), use, to)
    experiment = f", experiment_name={to.source(name)}" if name is not None else ""
    return Replace(f"{to.client(use.node)}.jobs.create_or_update({job}{experiment})")


_NOT_FOLLOWED = "a pipeline parameter is used in a way that cannot be followed"


@rule.converts("PipelineParameter")
def parameter(use: Use, to: Rewriter) -> Outcome:
    """The object goes: the pipeline's function has the parameter."""
    if use.call is None:
        return Replace("object")
    statement = use.statement
    pair = use.evaluator.scopes.parents.get(use.node)
    bound = isinstance(pair, ast.Tuple) and to.evaluator.type_of(pair.elts[-1]) == "DataPathComputeBinding"
    if bound and isinstance(statement, ast.Assign) and statement.value is pair:
        names = _reads_of(statement, to)
        return Statements("") if all(_is_taken(name, to) for name in names) else Leave(_NOT_FOLLOWED)
    if not (isinstance(statement, ast.Assign) and statement.value is use.node):
        covered = any(Flow.of(to).covers(node) for node in _around(use, to))
        return Replace("None") if covered else Leave(_NOT_FOLLOWED)
    building = Buildings.of(to)
    for name in Objects.of(to).names(use.node):
        if building.around(name) is not None:
            to.rename(name, parameter_name(use.node, to))
            continue
        outer = to.evaluator.scopes.parents.get(name)
        pair = to.evaluator.scopes.parents.get(outer) if isinstance(outer, ast.Tuple) else None
        if isinstance(pair, ast.Assign) and pair.value is outer:
            to.remove(pair)
        if not _is_taken(name, to):
            return Leave(_NOT_FOLLOWED)
    return Statements("")


def _reads_of(statement: ast.Assign, to: Rewriter) -> list[ast.Name]:
    """The names that are read and mean what a statement assigns to a variable."""
    target = statement.targets[0]
    reads = Objects.of(to).reads(target.id) if isinstance(target, ast.Name) else []
    found = [(name, to.evaluator.scopes.lookup(name.id, name)) for name in reads]
    return [name for name, bindings in found if any(binding.statement is statement for binding in bindings)]


def _is_taken(name: ast.Name, to: Rewriter) -> bool:
    """Whether a step, or what goes into one, takes what a name means."""
    covered = any(Flow.of(to).covers(node) for node in to.evaluator.scopes.ancestors(name))
    return covered or _consumed(name, to)


def _around(use: Use, to: Rewriter) -> list[ast.AST]:
    return list(to.evaluator.scopes.ancestors(use.node))


def _consumed(name: ast.Name, to: Rewriter) -> bool:
    """Whether a name is read in something that itself goes into a step: a list, a dataset's consumption."""
    for node in to.evaluator.scopes.ancestors(name):
        if isinstance(node, (ast.List, ast.Tuple, ast.Dict)):
            return True
        if isinstance(node, ast.Call) and to.evaluator.type_of(node) == "DatasetConsumptionConfig":
            return True
        if isinstance(node, ast.stmt):
            return False
    return False


def job_code(node: ast.expr, parameters: ast.expr | None, to: Rewriter) -> str:
    """The call of a pipeline's function: with the data of its data parameters, and what the submission gives."""
    function, steps = to.source(node), _steps_of(node, to)
    kinds = _data_kinds(steps, to)
    given = given_parameters(parameters, to, kinds)
    if steps:  # what no step takes is no parameter of the function
        handed, more = cast("_Handed", to.memory.get(("handed parameters", _origin(node, to)), ((), ())))
        parts = [*_parameters(steps, to, handed), *more]
        known = {part.partition("=")[0].partition(":")[0].strip() for part in parts}
        given = [pair for pair in given if pair.startswith("**") or pair.partition("=")[0] in known]
    names = {pair.partition("=")[0] for pair in given}
    for name, default in data_defaults(steps, to).items():
        data = follow(default, to)
        if name not in names and data is not None:
            given.insert(0, f"{name}={input_code(data, to, kinds.get(name, ''))}")
    outer = [port for port in outer_data(steps) if port.outer not in names]
    given = [*(f"{port.outer}={port.value}" for port in outer), *given]
    value = to.evaluator.value(node)
    for name, code in traced.given(value.origin if isinstance(value, Instance) else None, node, to).items():
        given = given if name in names else [f"{name}={code}", *given]
    return f"{function}({', '.join(given)})"


def _steps_of(node: ast.expr, to: Rewriter) -> list[Step]:
    """The steps of a pipeline that has become a function."""
    value = to.evaluator.value(node)
    steps = to.memory.get(("pipeline", value.origin)) if isinstance(value, Instance) else None
    return steps if isinstance(steps, list) else []


def _origin(node: ast.expr, to: Rewriter) -> ast.AST | None:
    value = to.evaluator.value(node)
    return value.origin if isinstance(value, Instance) else None


def data_parameters(node: ast.expr, to: Rewriter) -> list[str]:
    """The names of a pipeline's parameters that are data."""
    steps = _steps_of(node, to)
    return [*data_defaults(steps, to), *(port.outer for port in outer_data(steps))]


def outer_data(steps: list[Step]) -> list[Port]:
    """The inputs whose data go through a parameter of the pipeline, as a node cannot have them itself."""
    return [port for step in steps for port in step.arguments.inputs if port.outer]


def data_defaults(steps: list[Step], to: Rewriter) -> dict[str, ast.expr]:
    """The parameters that are data and their defaults, in the order in which steps read them."""
    found: dict[str, ast.expr] = {}
    for port in (port for step in steps for port in step.arguments.inputs):
        default = _default(port.parameter) if port.parameter is not None else None
        if port.parameter is not None and default is not None and _is_data(default, to):
            found.setdefault(parameter_name(port.parameter, to), default)
    return found


_TYPE = re.compile(r'type="(uri_file|uri_folder|mltable)"')


def _data_kinds(steps: list[Step], to: Rewriter) -> dict[str, str]:
    """The v2 types of the parameters that are data: what the components say of them."""
    found: dict[str, str] = {}
    for port in (port for step in steps for port in step.arguments.inputs):
        kind = _TYPE.search(port.declared)
        if port.parameter is not None and kind is not None:
            found.setdefault(parameter_name(port.parameter, to), kind.group(1))
    return found


def given_parameters(
    parameters: ast.expr | None, to: Rewriter, kinds: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """The arguments of a pipeline's function for the values that a submission gives. ``kinds``: the v2 types of those
    that are data, as far as they are known."""
    if parameters is None or is_none(parameters):
        return []
    node = to.evaluator.behind(parameters)
    if isinstance(node, ast.Dict) and all(
        isinstance(key, ast.Constant) and isinstance(key.value, str) for key in node.keys
    ):
        pairs = zip(node.keys, node.values, strict=True)
        return [
            f"{identifier(key.value)}={value_code(item, to, kinds.get(identifier(key.value), ''))}"
            for key, item in pairs
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        ]
    return [f"**{to.source(parameters)}"]


def value_code(node: ast.expr, to: Rewriter, kind: str = "") -> str:
    """The value that a submission gives a parameter: data as an Input (of a v2 type), everything else as it is."""
    data = follow(node, to) if _is_data(node, to) else None
    return input_code(data, to, kind) if data is not None else to.source(node)
