"""Steps become components: ``PythonScriptStep``, ``CommandStep``, ``EstimatorStep``, ``MpiStep`` -> ``command``.

Arguments become the component's command: literal ones stay in it, data and parameters become declared inputs and
outputs. ``allow_reuse=False`` becomes ``is_deterministic=False``. The node of each step is in the pipeline function
(rule pipelines).

The cases show components in Python (``--components python``). As YAML, the default, a component is a file beside the
step's code, ``steps/train.component.yml``, which ``load_component(source="steps/train.component.yml")`` loads; its
conda dependencies are in a file beside it, shared by the steps of one environment. Compute, environment variables and
the paths of outputs, of which a component in YAML knows nothing, are said of the node or of the pipeline. A component
stays in Python where only the running code knows its folder, environment, name or command line, or where its folder is
not there: the finding says why.

A function that makes a step and returns it gives the component instead, and each of its calls is a node of its own: the
data and the parameters of the pipeline that the function got go to the node. A step that a method keeps in an attribute
is a component there, which the pipeline of another method of the class calls.
"""

from __future__ import annotations

import ast
from typing import cast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.findings import Status
from amlbridge.migrate.models.code.additions import remove_spent
from amlbridge.migrate.models.code.attributes import attribute_of
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.jobs.settings import is_seen
from amlbridge.migrate.models.pipelines.building import Buildings
from amlbridge.migrate.models.pipelines.building_order import order_code
from amlbridge.migrate.models.pipelines.built_nodes import step_code
from amlbridge.migrate.models.pipelines.conditions import ASKED_ORDERS
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.pipelines.handed_pipelines import hand_pipelines
from amlbridge.migrate.models.pipelines.reach import is_outside
from amlbridge.migrate.models.steps.steps import COMMAND_STEPS, STEPS
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "pipeline-steps",
    __doc__,
    cases=[
        Case(
            """\
from azureml.pipeline.core import PipelineData
from azureml.pipeline.steps import PythonScriptStep

model = PipelineData("model")
train = PythonScriptStep(
    name="train",
    source_directory="steps",
    script_name="train.py",
    arguments=["--epochs", 3, "--model", model],
    outputs=[model],
    compute_target="cpu",
    runconfig=environment,
    allow_reuse=False,
)
""",
            """\
from azure.ai.ml import Output, command

train_component = command(
    name="train",
    outputs={"model": Output(type="uri_folder")},
    code="steps",
    command="python train.py --epochs 3 --model ${{outputs.model}}",
    environment=environment,
    compute="cpu",
    is_deterministic=False,
)
""",
        ),
    ],
)


@rule.converts("PipelineStep")
def any_step(use: Use, to: Rewriter) -> Outcome:
    """The class of all steps, in annotations."""
    taker = to.evaluator.scopes.parents.get(use.node)
    if use.call is not None or isinstance(taker, ast.ClassDef):
        return Leave("a step is a component that the function with @dsl.pipeline calls")
    return Replace(to.need("azure.ai.ml.entities", "Component"))


@rule.converts(*sorted(COMMAND_STEPS))
def step(use: Use, to: Rewriter) -> Outcome:
    """The component of a step, where the step was made. Rules for other kinds of steps use it as well."""
    if use.call is None:
        taker = to.evaluator.scopes.parents.get(use.node)
        if isinstance(taker, ast.Call) and not ast.unparse(taker.func).startswith(("isinstance", "issubclass")):
            return Leave("the class of the step is handed on: make the component where it is called")
        return Replace(to.need("azure.ai.ml.entities", "CommandComponent"))
    flow = Flow.of(to)
    if use.node in flow.failed:
        return Leave(flow.failed[use.node])
    if use.node in Buildings.of(to).stuck:
        return Leave(Buildings.of(to).stuck[use.node])
    built = Buildings.of(to).of_step(use.node)
    if built is not None:
        return step_code(*built, to)
    hand_pipelines(to)
    found = flow.steps[use.node]
    for name in Objects.of(to).names(use.node):
        if not is_outside(use.node, name, to):  # else the variable holds the component that a function gives
            to.rename(name, found.component)
    _remove_settings(use, to)
    for listed in ("arguments", "inputs", "outputs"):
        remove_spent(use.argument(listed), to)
    code = found.component_code(to)
    variable = Objects.of(to).variable(use.node)
    made = "\n".join([*found.component_lines(to), f"{found.component} = {code}"])
    if variable is not None or attribute_of(use.node, to) is not None:
        return Statements(made, found.review, found.why)
    to.before(use.statement, made)
    return Replace(found.component, found.review, found.why)


def _remove_settings(use: Use, to: Rewriter) -> None:
    """A dict that only gave steps their keywords goes."""
    assert use.call is not None
    for key in use.call.keywords:
        if key.arg is not None or not isinstance(key.value, ast.Name):
            continue
        wanted = key.value.id
        scopes = to.evaluator.scopes
        bindings = scopes.lookup(wanted, key.value)
        reads = [node for node in Objects.of(to).reads(wanted) if scopes.lookup(wanted, node) == bindings]
        steps = Flow.of(to).steps
        inside = all(any(around in steps for around in scopes.ancestors(node)) for node in reads)
        alone = len(bindings) == 1 and bindings[0].is_alone
        if alone and bindings[0].statement is not None and inside:
            to.remove(bindings[0].statement)


@rule.converts(*(f"{kind}.run_after" for kind in sorted(STEPS)))
def run_after(use: Use, to: Rewriter) -> Outcome:
    """An order without data: the earlier step writes an order token, which the later one reads."""
    flow = Flow.of(to)
    code = order_code(use.statement, to)
    if code is not None:
        return Statements(code)
    if use.receiver is None or not flow.steps_of(use.receiver):
        return Leave("the steps cannot be told")
    if use.is_statement:
        for pipeline in {pipe for step in flow.steps_of(use.receiver) for pipe in flow.pipelines_of(step)}:
            to.outcome(pipeline)
        kept = use.statement in cast("list[ast.stmt]", to.memory.get(ASKED_ORDERS, []))
        return Statements("", "" if kept else _review_if_conditional(use, to))
    return Leave("call run_after in a statement of its own")


def _review_if_conditional(use: Use, to: Rewriter) -> str:
    parents = to.evaluator.scopes.ancestors(use.statement)
    conditional = any(isinstance(node, (ast.If, ast.For, ast.While, ast.Try)) for node in parents)
    return "the order was conditional: now it always holds" if conditional else ""


@rule.converts(*(f"{kind}.name" for kind in sorted(STEPS)))
def name(use: Use, to: Rewriter) -> Outcome:
    """The name of the step: what it was given, where that is known here, else what its component has."""
    assert use.receiver is not None
    value = use.receiver_value
    step = Flow.of(to).steps.get(value.origin) if value is not None and isinstance(value.origin, ast.expr) else None
    shown = step.display_name if step is not None else None
    if shown is None:
        return Replace(f"{to.source(use.receiver)}.name")
    bound = to.evaluator.scopes.bindings_of(shown)
    once = bool(bound) and len(bound[0].scope.bindings[bound[0].name]) == 1
    if isinstance(shown, ast.Constant) or (once and is_seen(shown, use, to)):
        return Replace(to.source(shown))
    return Replace(f"{to.source(use.receiver)}.display_name")


@rule.converts("StepSequence")
def sequence(use: Use, to: Rewriter) -> Outcome:
    """Steps in a sequence: order tokens between them; the list stays a list."""
    listed = use.argument("steps", position=0)
    if listed is None or use.call is None:
        return Leave("a sequence needs steps")
    Flow.of(to)
    variable = Objects.of(to).variable(use.node)
    if variable is not None and all(_for_pipeline(name, to) for name in Objects.of(to).names(use.node)):
        return Statements("")
    return Replace(to.source(listed))


def _for_pipeline(name: ast.Name, to: Rewriter) -> bool:
    """Whether a name is read only to make a pipeline, whose statement goes."""
    for node in to.evaluator.scopes.ancestors(name):
        value = to.evaluator.value(node) if isinstance(node, ast.Call) else None
        if isinstance(value, Instance) and value.type in ("Pipeline", "StepSequence"):
            return True
    return False


#: Steps of other services, and what to do instead.
_NOWHERE = {
    "AdlaStep": "Azure Data Lake Analytics is gone: use a Spark job",
    "AzureBatchStep": "SDK v2 has no Azure Batch step: use a command on a cluster, or a parallel job",
    "KustoStep": "SDK v2 has no Kusto step: query in a command with azure-kusto-data",
    "ModuleStep": "SDK v2 has no modules: register the component, and call it",
}


@rule.converts(*_NOWHERE)
def elsewhere(use: Use, to: Rewriter) -> Outcome:
    """Steps of other services."""
    return Leave(_NOWHERE[use.symbol], Status.NO_EQUIVALENT)
