"""Data between steps: ``PipelineData``, ``OutputFileDatasetConfig`` become outputs of nodes, and edges.

The object goes away: the step that writes it declares an output, each step that reads it gets ``node.outputs.name``.
``destination``, and another datastore than the default one, become the path of the output, ``register_on_complete`` its
name, ``pipeline_output_name`` an output of the pipeline. Data that a function gets as a parameter, and gives a step to
write, is an ``Output`` handed on.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.additions import added_to, is_spent
from amlbridge.migrate.models.code.attributes import attribute_of, reads_of
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets.data import INTERMEDIATE, follow
from amlbridge.migrate.models.pipelines.building import Buildings
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.pipelines.intermediate_paths import own_store
from amlbridge.migrate.models.pipelines.outputs import is_output_object
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "pipeline-data",
    __doc__,
    cases=[
        Case(
            """\
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

clean = OutputFileDatasetConfig("clean")
prepare = PythonScriptStep(
    "prepare.py", arguments=["--out", clean], compute_target="cpu", runconfig=env
)
train = PythonScriptStep(
    "train.py",
    arguments=["--data", clean.as_input("data")],
    compute_target="cpu",
    runconfig=env,
)
pipeline = Pipeline(ws, steps=[train])
""",
            """\
from azure.ai.ml import Input, Output, command, dsl

prepare_component = command(
    name="prepare_py",
    display_name="prepare.py",
    outputs={"out": Output(type="uri_folder")},
    code=".",
    command="python prepare.py --out ${{outputs.out}}",
    environment=env,
    compute="cpu",
)
train_component = command(
    name="train_py",
    display_name="train.py",
    inputs={"data": Input(type="uri_folder")},
    code=".",
    command="python train.py --data ${{inputs.data}}",
    environment=env,
    compute="cpu",
)


@dsl.pipeline()
def pipeline():
    prepare = prepare_component()
    train = train_component(data=prepare.outputs.out)
""",
        ),
    ],
)

_FLUENT = [
    "as_input",
    "as_mount",
    "as_download",
    "as_upload",
    "as_dataset",
    "as_named_input",
    "as_direct",
    "register_on_complete",
    "read_delimited_files",
    "read_parquet_files",
    "parse_delimited_files",
    "parse_parquet_files",
    "keep_columns",
    "drop_columns",
]


@rule.converts(*sorted(INTERMEDIATE))
def create(use: Use, to: Rewriter) -> Outcome:
    """The object goes; the step that writes it has the output."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml", "Output"))
    if Buildings.of(to).of_data(use.node) is None and is_output_object(use.node, to):
        return Replace(_output(use, to))
    return _gone(use, to)


def _output(use: Use, to: Rewriter) -> str:
    """The Output that functions hand on to the one that makes the step which writes it."""
    make = to.need("azure.ai.ml", "Output")
    if use.symbol != "PipelineData" or use.argument("name", position=0) is None:
        raise ValueError("data of a pipeline is passed on in a way that cannot be followed")
    arguments = ['type="uri_folder"', *own_store(use, to)]
    return f"{make}({', '.join(arguments)})"


@rule.converts(*(f"{kind}.{method}" for kind in sorted(INTERMEDIATE) for method in _FLUENT))
def fluent(use: Use, to: Rewriter) -> Outcome:
    """How the data is read or written is in the input or output."""
    return _gone(use, to)


def _gone(use: Use, to: Rewriter) -> Outcome:
    buildings = Buildings.of(to)
    if buildings.of_data(use.node) is not None:
        return Statements("")  # its variable gets the output of the step that writes it
    if use.receiver is not None and buildings.around(use.node) is not None and use.symbols[0].split(".")[-1] in _FLUENT:
        return Replace(to.source(use.receiver))
    made = Flow.of(to).instances
    if any(node in made for node in to.evaluator.scopes.ancestors(use.node)):
        return Replace("None")  # the node gets it, and not the function
    statement = use.statement
    alone = isinstance(statement, (ast.Assign, ast.Expr, ast.AnnAssign)) and statement.value is use.node
    if not alone and not _one_of_several(use, to):
        return Leave("data of a pipeline is used in a way that cannot be followed")
    if alone and isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], ast.Name):
        attribute = attribute_of(use.node, to)
        reads = reads_of(attribute, use.node, to) if attribute is not None else None
        if reads is None or any(not _in_step(read, to) for read in reads):
            return Leave("data of a pipeline is kept in an attribute: give each step its inputs and outputs by hand")
    if any(not _in_step(name, to) for name in [*Objects.of(to).names(use.node), *_may_hold(use.node, to)]):
        return Leave("data of a pipeline is passed on in a way that cannot be followed")
    for name in Objects.of(to).names(use.node):
        alias = to.evaluator.scopes.parents.get(name)
        if isinstance(alias, ast.Assign) and _is_alias(name, to):
            to.remove(alias)
        listed = to.evaluator.scopes.statement_of(name)
        if isinstance(listed, ast.Assign) and isinstance(listed.value, (ast.List, ast.Tuple)):
            to.spare.add(listed)  # arguments=words: the step has them in its command line
    return Statements("")


def _is_alias(name: ast.expr, to: Rewriter) -> bool:
    """Whether the data only gets another name: what reads that stands for the same data."""
    alias = to.evaluator.scopes.parents.get(name)
    named = isinstance(alias, ast.Assign) and alias.value is name and len(alias.targets) == 1
    return named and isinstance(alias.targets[0], ast.Name)  # type: ignore[union-attr]


def _may_hold(made: ast.expr, to: Rewriter) -> list[ast.Name]:
    """The names that stand for data in one of several branches."""
    variable = Objects.of(to).variable(made)
    lookup = to.evaluator.scopes.lookup
    names = Objects.of(to).reads(variable.id) if variable is not None else []
    return [name for name in names if any(binding.value is made for binding in lookup(name.id, name))]


def _one_of_several(use: Use, to: Rewriter) -> bool:
    """Whether it is one of ``a, b = PipelineData("a"), PipelineData("b")``."""
    statement = use.statement
    if not (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Tuple)):
        return False
    target = statement.targets[0]
    names = target.elts if isinstance(target, ast.Tuple) else []
    kinds = [to.evaluator.type_of(element) for element in statement.value.elts]
    return use.node in statement.value.elts and all(
        isinstance(name, ast.Name) and kind in INTERMEDIATE for name, kind in zip(names, kinds, strict=False)
    )


@rule.converts(*(f"{kind}.name" for kind in sorted(INTERMEDIATE)))
def name(use: Use, to: Rewriter) -> Outcome:
    """The name of the output that holds the data."""
    data = follow(use.receiver, to) if use.receiver is not None else None
    step = Flow.of(to).producer(data.root) if data is not None else None
    port = step.writes(data.root) if step is not None and data is not None else None
    return Replace(f'"{port.name}"') if port is not None else Leave("the step that writes this cannot be told")


def _in_step(name: ast.Name | ast.Attribute, to: Rewriter) -> bool:
    """Whether a name is read inside of a step that is converted, or of something fluent."""
    flow = Flow.of(to)
    for node in to.evaluator.scopes.ancestors(name):
        if flow.covers(node) or (isinstance(node, ast.Assign) and _is_alias(name, to)):
            return True
        kind = to.evaluator.type_of(node) if isinstance(node, (ast.Call, ast.Attribute)) else None
        if kind in INTERMEDIATE:
            return True
        if isinstance(node, ast.Attribute) and node.value is name and node.attr == "name":
            return True
        if isinstance(node, ast.List) and (listed := added_to(name, to)) is not None:
            return is_spent(listed, to)
        if isinstance(node, ast.List) or (
            isinstance(node, ast.Assign) and isinstance(node.value, (ast.List, ast.Dict))
        ):
            return True
        if isinstance(node, ast.stmt):
            break
    listed = added_to(name, to)
    return listed is not None and listed is not name and is_spent(listed, to)
