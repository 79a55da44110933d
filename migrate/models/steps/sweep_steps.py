"""HyperDriveStep as a sweep node of a pipeline."""

from __future__ import annotations

import ast
import shlex
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.names import identifier, unique
from amlbridge.migrate.models.datasets.data import follow, trained
from amlbridge.migrate.models.jobs.arguments import Arguments, Port, list_elements, output_port, read_arguments
from amlbridge.migrate.models.jobs.settings import Settings
from amlbridge.migrate.models.jobs.sweeps import CONFIGURATIONS, Sweep, read_sweep, trial_of, tune
from amlbridge.migrate.models.steps.steps import Step, declare_inputs, read_as_tables, reads, roots, take_reuse
from amlbridge.migrate.models.steps.sweep_outputs import REVIEW, TELL, TRIAL, OutputsOfSweep
from amlbridge.migrate.rewriter import Rewriter

_METRICS = "sweeps have no output with the metrics: read them of the trials with MLflow"


@dataclass
class SweepStep(Step):
    """A step that tunes a script: its component is the trial, which the pipeline function sweeps."""

    sweep: Sweep | None = field(default=None)
    #: Files of the best trial that are outputs: (path, output).
    files: list[tuple[str, str]] = field(default_factory=list)
    #: The node that writes the metrics of all trials, or None.
    behind: OutputsOfSweep | None = field(default=None)

    def more(self) -> list[tuple[str, str]]:
        """Copies the files that are outputs to where SDK v2 wants them."""
        copied = [("text", f"&& cp {shlex.quote(path)} ${{{{outputs.{name}}}}}") for path, name in self.files]
        told = [("text", TELL)] if self.behind is not None else []
        return [*copied, *told, *super().more()]

    def component_lines(self, to: Rewriter) -> list[str]:
        """The component of the node behind comes first."""
        own = [f"{self.behind.component} = {self.behind.component_code(to)}"] if self.behind is not None else []
        return [*own, *super().component_lines(to)]

    def node_lines(self, bound: list[str], to: Rewriter) -> list[str]:
        """The component with its distributions, swept."""
        assert self.sweep is not None
        given = ", ".join([*bound, *self.sweep.choices(to)])
        lines = [f"{self.node} = {self.component}({given}).sweep({', '.join(self.sweep.keywords)})"]
        if self.behind is not None:
            lines += self.behind.node_lines(f"{self.node}.outputs.{TRIAL}", self.settings.compute)
        return lines

    def write_metrics(self, root: ast.expr, to: Rewriter) -> None:
        """Makes the metrics of all trials an output."""
        if not OutputsOfSweep.can_follow(to):
            self.reviews.append(_METRICS)
            return
        if self.behind is None:
            node, output = to.fresh(f"{self.node}_outputs"), to.need("azure.ai.ml", "Output")
            self.behind = OutputsOfSweep(node, to.fresh(f"{node}_component"))
            self.arguments.outputs.append(Port(TRIAL, f'{output}(type="uri_file")'))
            self.reviews.append(REVIEW)
        name = unique(identifier(_name(root, to), "metrics"), self.arguments.taken)
        self.behind.written[name] = "metrics"
        self.arguments.outputs.append(Port(name, "", source=root, node=self.behind.node))


@reads("HyperDriveStep")
def read(use: Use, component: str, node: str, to: Rewriter) -> Step:
    """Reads a call of HyperDriveStep. Raises ValueError where it cannot be read."""
    given = use.argument("hyperdrive_config", position=1)
    config = to.maker(given)
    if config is None or config.symbol not in CONFIGURATIONS or config.call is None:
        raise ValueError("the HyperDriveConfig of the step is made elsewhere")
    sweep = read_sweep(config, to)
    trial = trial_of(config, to)
    assert trial is not None  # read_sweep has looked
    nodes, start, first, settings = _trial(trial, to)
    passed = use.argument("estimator_entry_script_arguments", position=2)
    nodes += list_elements(passed, to) if passed is not None else []
    listed = use.argument("outputs", position=4)
    outputs = [data for element in list_elements(listed, to) if (data := follow(element, to))] if listed else []
    found = Arguments(read=roots(use.argument("inputs", position=3), to))
    arguments = read_arguments(nodes, [data.root for data in outputs], to, found=found)
    arguments.parts[:0] = first.parts
    declare_inputs(use, [data.root for data in outputs], arguments, to)
    known = {port.name for port in arguments.inputs}
    tune(trial, arguments, to)
    for port in arguments.inputs:
        port.literal = port.literal or port.name not in known  # the sweep gives it a value
    step = SweepStep(use, component, node, arguments, settings, start, use.argument("name", position=0), sweep=sweep)
    step.rows = read_as_tables([use.argument("inputs", position=3)], nodes, arguments, to)
    step.parts += [config.node, trial.node]
    for data in outputs:
        what = trained(data, to)
        file = what.argument("model_file", position=3) if what is not None else None
        text = to.evaluator.text(file) if file is not None else None
        kind = what.argument("type", position=0) if what is not None else None
        if what is None:
            output_port(data, "", arguments, to)
        elif kind is not None and to.evaluator.text(kind) == "Metrics":
            step.write_metrics(data.root, to)
        elif text is None:
            raise ValueError("the file of the model, TrainingOutput(model_file=...), cannot be told")
        else:
            name = unique(identifier(_name(data.root, to), "model"), arguments.taken)
            output = to.need("azure.ai.ml", "Output")
            arguments.outputs.append(Port(name, f'{output}(type="uri_file")', source=data.root))
            step.files.append((text, name))
    metrics = use.argument("metrics_output", position=5)
    measured = follow(metrics, to) if metrics is not None else None
    if measured is not None:
        step.write_metrics(measured.root, to)
    take_reuse(step, use.argument("allow_reuse", position=6), to, said=False)
    step.reviews += sweep.reviews
    return step


def _name(root: ast.expr, to: Rewriter) -> str:
    use = to.use_of(root)
    given = use.argument("name", position=0) if use is not None else None
    return (to.evaluator.text(given) if given is not None else None) or "model"


def _trial(trial: Use, to: Rewriter) -> tuple[list[ast.expr], str, Arguments, Settings]:
    """The words of a trial's command, what comes before them, and where it runs."""
    from amlbridge.migrate.rules.commands import command_line, settings_of_estimator, settings_of_script

    if trial.symbol == "ScriptRunConfig":
        nodes, start, first = command_line(trial, to)
        return nodes, start, first or Arguments(), settings_of_script(trial, to)
    script = trial.argument("entry_script", position=3)
    text = to.evaluator.text(script) if script is not None else None
    if text is None:
        raise ValueError("the script of the estimator cannot be told")
    return [], f"python {shlex.quote(text)}", Arguments(), settings_of_estimator(trial, to)
