"""AutoMLStep as an AutoML node of a pipeline."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.names import identifier, unique
from amlbridge.migrate.models.code.static import NotKnownError
from amlbridge.migrate.models.datasets import written_tables
from amlbridge.migrate.models.datasets.data import INTERMEDIATE, follow, input_code, trained
from amlbridge.migrate.models.jobs.arguments import Arguments, Port, data_name, list_elements
from amlbridge.migrate.models.jobs.automl import AutoMLJob, read_job, tables
from amlbridge.migrate.models.jobs.settings import Settings
from amlbridge.migrate.models.pipelines.component_files import check_place
from amlbridge.migrate.models.steps import automl_outputs
from amlbridge.migrate.models.steps.automl_outputs import OutputsOfAutoML
from amlbridge.migrate.models.steps.steps import Step, reads, take_reuse
from amlbridge.migrate.rewriter import Rewriter

MODEL = "best_model"


@dataclass
class AutoMLStep(Step):
    """A step that searches for a model. It has no component: its node is made in the pipeline function.

    ``behind``: the node that writes the files which its readers had in SDK v1, or None."""

    job: AutoMLJob | None = field(default=None)
    behind: OutputsOfAutoML | None = field(default=None)

    def component_code(self, to: Rewriter) -> str:
        """There is none."""
        if self.after:
            raise ValueError("an AutoML node has no input to wait with: give it data of the earlier step")
        return ""

    def make_table(self, port: Port, table: str) -> None:
        """Its output is a model."""
        raise ValueError("the output of an AutoML step is a model, not a table")

    @property
    def token(self) -> str:
        """Its model is there when it has ended: later steps wait for that."""
        return MODEL

    def node_lines(self, bound: list[str], to: Rewriter) -> list[str]:
        """The job with its limits, which is a node where a pipeline function makes it."""
        assert self.job is not None
        output = to.need("azure.ai.ml", "Output")
        more = [f'outputs={{"{MODEL}": {output}(type="mlflow_model")}}']
        if self.display_name is not None:
            more.insert(0, f"display_name={to.source(self.display_name)}")
        lines = self.job.statements(self.node, dict(pair.split("=", 1) for pair in bound), more, to)
        if self.behind is None:
            return lines
        if not self.is_made_outside(to):
            lines.append(f"{self.behind.component} = {self.behind.component_code(to)}")
        compute = next((code for code in self.job.job if code.startswith("compute=")), "")
        return [*lines, *self.behind.node_lines(f"{self.node}.outputs.{MODEL}", compute.removeprefix("compute="))]

    def is_made_outside(self, to: Rewriter) -> bool:
        """Whether the component of the node behind is made where the step was, which the pipeline function sees."""
        try:
            check_place(self, to)
        except NotKnownError:
            return False
        return self.use.is_assigned


@reads("AutoMLStep")
def read(use: Use, component: str, node: str, to: Rewriter) -> Step:
    """Reads a call of AutoMLStep. Raises ValueError where it cannot be read."""
    config = configuration(use, to)
    job = read_job(config, to)
    arguments = Arguments()
    rows: dict[ast.expr, str] = {}
    for name, expression in job.data.items():
        data = follow(expression, to)
        if data is None:
            raise ValueError("the data of AutoML cannot be told: give it Input(type='mltable', path=...)")
        if data.type in INTERMEDIATE:
            rows[data.root] = written_tables.definition(data, to)
            arguments.inputs.append(Port(name, "", source=data.root))
        else:
            arguments.inputs.append(_outside(name, input_code(data, to), expression, node, to))
    for name, table in tables(job, config, to).items():
        arguments.inputs.append(_outside(name, table, None, node, to))
    step = AutoMLStep(use, component, node, arguments, Settings(), "", use.argument("name", position=0), job=job)
    step.parts.append(config.node)
    step.rows = rows
    listed = use.argument("outputs", position=3)
    follows = OutputsOfAutoML.can_follow(to)
    for element in list_elements(listed, to) if listed is not None else []:
        _output(element, step, to, follows=follows)
    step.reviews += job.reviews
    take_reuse(step, use.argument("allow_reuse", position=5), to, said=False)
    return step


def _outside(name: str, value: str, source: ast.expr | None, node: str, to: Rewriter) -> Port:
    """Data that no step makes. They go through a parameter of the pipeline: the client writes an Input that a node has
    itself as the text of a dictionary, which nobody can read."""
    declared = f'{to.need("azure.ai.ml", "Input")}(type="mltable")'
    return Port(name, declared, value, source=source, outer=f"{node}_{name}")


def configuration(use: Use, to: Rewriter) -> Use:
    """The AutoMLConfig of a step. Raises ValueError where it is made elsewhere."""
    given = use.argument("automl_config", position=1)
    found = to.maker(given)
    if found is None or found.symbol != "AutoMLConfig" or found.call is None:
        raise ValueError("the AutoMLConfig of the step is made elsewhere")
    return found


def _output(element: ast.expr, step: AutoMLStep, to: Rewriter, *, follows: bool) -> None:
    """Reads an output. ``follows``: a node behind may write it as the file that SDK v1 had."""
    data = follow(element, to) if not isinstance(element, ast.Starred) else None
    what = trained(data, to) if data is not None else None
    if data is None or what is None:
        raise ValueError("an output of the AutoML step cannot be told: it needs training_output=TrainingOutput(...)")
    kind = to.evaluator.text(what.argument("type", position=0))
    if follows and kind in ("Model", "Metrics"):
        if step.behind is None:
            node = to.fresh(f"{step.node}_outputs")
            step.behind = OutputsOfAutoML(node, to.fresh(f"{node}_component"))
        made = to.use_of(data.root)
        shown = made.argument("pipeline_output_name") if made is not None else None
        text = (to.evaluator.text(shown) if shown is not None else None) or data_name(data, to)
        name = unique(identifier(text, kind.lower()), step.arguments.taken)
        step.behind.written[name] = kind.lower()
        step.arguments.outputs.append(Port(name, "", source=data.root, node=step.behind.node))
        step.reviews += automl_outputs.reviews(what)
    elif kind == "Model":
        step.arguments.outputs.append(Port(MODEL, "", source=data.root))
        step.reviews.append("the best model is an MLflow folder, where v1 had a pickle file")
    else:
        step.reviews.append("AutoML nodes have no output with the metrics: read them of the node's run with MLflow")
