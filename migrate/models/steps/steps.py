"""A step of a v1 pipeline as a component and a node."""

from __future__ import annotations

import ast
import json
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.kinds import kind_of
from amlbridge.migrate.analysis.literals import is_false
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Code, Instance
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.code.names import identifier
from amlbridge.migrate.models.code.static import parsed
from amlbridge.migrate.models.datasets import written_tables
from amlbridge.migrate.models.datasets.data import follow
from amlbridge.migrate.models.jobs.arguments import (
    Arguments,
    Port,
    bind,
    input_port,
    list_elements,
    named_by,
    output_port,
    parameter_port,
    read_arguments,
    shell_line,
)
from amlbridge.migrate.models.jobs.formatted import has_data
from amlbridge.migrate.models.jobs.settings import Settings, opened
from amlbridge.migrate.models.pipelines.run_time_inputs import REVIEW, functions, holds_outputs, input_lines
from amlbridge.migrate.models.pipelines.step_names import is_asked_for
from amlbridge.migrate.models.pipelines.written_outputs import type_inputs, type_outputs
from amlbridge.migrate.models.steps.copied_outputs import copies
from amlbridge.migrate.rewriter import Rewriter

if TYPE_CHECKING:
    from amlbridge.migrate.models.pipelines.component_files import ComponentFile

#: Steps that become command components.
COMMAND_STEPS = frozenset({"PythonScriptStep", "CommandStep", "EstimatorStep", "MpiStep", "RScriptStep"})
#: All classes of steps: rules for the others build their node themselves.
STEPS = COMMAND_STEPS | {
    "ParallelRunStep",
    "AutoMLStep",
    "HyperDriveStep",
    "DatabricksStep",
    "DataTransferStep",
    "ModuleStep",
    "SynapseSparkStep",
    "AdlaStep",
    "AzureBatchStep",
    "KustoStep",
    "NotebookRunnerStep",
}


@dataclass
class Step:
    """One step. ``component``: the variable of its component; ``node``: the variable of its node in the pipeline."""

    use: Use
    component: str
    node: str
    arguments: Arguments
    settings: Settings
    start: str
    display_name: ast.expr | None = None
    reuse: bool = True
    #: Code of whether the step may be reused, where that is known only when it runs.
    reuse_code: str = ""
    #: Steps that have to run before, without data between: their nodes.
    after: list[Step] = field(default_factory=list)
    before: list[Step] = field(default_factory=list)
    #: Orders that hold only under a condition: what makes the earlier step -> the statement that says the order.
    ordered_at: dict[ast.expr, ast.stmt] = field(default_factory=dict)
    reviews: list[str] = field(default_factory=list)
    #: Expressions elsewhere that belong to the step: its configuration.
    parts: list[ast.AST] = field(default_factory=list)
    #: Why the component is in Python, although the user wants components as YAML.
    why: str = ""
    #: Data that it reads by rows -> the text of the MLTable that says how.
    rows: dict[ast.expr, str] = field(default_factory=dict)
    #: Data that it writes and SDK v1 registers as a table -> the same.
    registered_tables: dict[ast.expr, str] = field(default_factory=dict)
    #: Outputs that are read by rows, or registered as tables -> the same: they become MLTables.
    tables: dict[str, str] = field(default_factory=dict)
    #: Parts of the command line that copy what the script has left to outputs.
    copied: list[tuple[str, str]] = field(default_factory=list)
    #: Another function gives the component: ``component`` is the variable or the call that it comes from.
    given: bool = False
    #: Parameters of the pipeline's function that its node has, with their defaults.
    parameters: list[str] = field(default_factory=list)
    #: Outputs of the pipeline: name -> output of the node.
    results: dict[str, str] = field(default_factory=dict)
    #: Its node takes the compute that the pipeline has.
    default_compute: bool = False
    #: The call of the user's function that gives the component, and what is said of the node in the pipeline.
    call: ast.Call | None = None
    said: list[str] = field(default_factory=list)
    #: Inputs for the order of nodes, where several nodes have the component.
    waiting: int = 0
    ordered: bool = False

    @property
    def made(self) -> ast.expr:
        """The call that makes the step: of its class, or of the user's function that does."""
        return self.call if self.call is not None else self.use.node

    def waits(self) -> list[tuple[str, Step]]:
        """The inputs that the node waits for, and the steps that write them."""
        if self.call is None:
            return [(f"after_{first.node}", first) for first in self.after]
        return [(waiting_input(index), first) for index, first in enumerate(self.after)]

    @property
    def token(self) -> str:
        """The output that later steps wait for, when there is no data between."""
        return "order_token"

    def node_lines(self, bound: list[str], to: Rewriter) -> list[str]:
        """The statements that make the node in the pipeline function. ``bound``: what its inputs are bound to."""
        lines = [f"{self.node} = {self.component}({', '.join(bound)})"]
        shown = self._shown(to)
        return [*lines, *([f"{self.node}.display_name = {shown}"] if shown else []), *self._said_of_node(to)]

    @property
    def is_command(self) -> bool:
        """Whether its component is a plain command, which may be a YAML file."""
        return type(self) is Step

    @property
    def review(self) -> str:
        """What a person should check."""
        of_words = [*self.arguments.reviews, *self.arguments.of_data]
        return together([*self.reviews, *of_words, *self.settings.reviews])

    def writes(self, root: ast.expr) -> Port | None:
        """The output that holds some data, or None."""
        return next((port for port in self.arguments.outputs if port.source is root), None)

    def component_code(self, to: Rewriter) -> str:
        """The component, as a call of ``command``."""
        file = self.file(to)
        if file is not None:
            return file.create(to)
        command = to.need("azure.ai.ml", "command")
        inputs = [f"{_key(port.name)}: {port.declared}" for port in self.arguments.inputs]
        own = (port for port in self.arguments.outputs if not port.node)
        outputs = [f"{_key(port.name)}: {port.declared}" for port in own]
        if self.before or self.ordered:
            make = to.need("azure.ai.ml", "Output")
            outputs.append(f'"order_token": {make}(type="uri_folder")')
        text = self.arguments.code(self.start, self.more())
        for name, first in self.waits():
            optional = ", optional=True" if first.made in self.ordered_at else ""
            inputs.append(f'"{name}": {to.need("azure.ai.ml", "Input")}(type="uri_folder"{optional})')
        for index in range(self.waiting):
            make = to.need("azure.ai.ml", "Input")
            inputs.append(f'"{waiting_input(index)}": {make}(type="uri_folder", optional=True)')
        if self.arguments.run_time:
            inputs.append(f"**{self.arguments.run_time}")
        keywords = self.named(to)
        if len(inputs) == 1 and inputs[0].startswith("**{"):
            keywords.append(f"inputs={inputs[0][2:]}")
        elif inputs:
            keywords.append(f"inputs={{{', '.join(inputs)}}}")
        if outputs:
            keywords.append(f"outputs={{{', '.join(outputs)}}}")
        keywords += [*self.settings.code_keywords(to), f"command={text}", *self.settings.run_keywords(to)]
        keywords += self.deterministic()
        return f"{command}({', '.join(keywords)})"

    def component_lines(self, to: Rewriter) -> list[str]:
        """Statements that come before the one that makes the component."""
        return input_lines(self, to)

    def more(self) -> list[tuple[str, str]]:
        """Parts of the command line behind the arguments."""
        tables = (("text", written_tables.tail(name, table)) for name, table in self.tables.items())
        found = [*self.copied, *tables]
        return (
            [*found, ("text", "&& echo done > ${{outputs.order_token}}/done")] if self.before or self.ordered else found
        )

    def file(self, to: Rewriter) -> ComponentFile | None:
        """The YAML file of the component; None when it is written in Python, as the user wants it or ``why`` says."""
        from amlbridge.migrate.models.pipelines.component_files import ComponentFile, component_file

        if not self.is_command or to.options.components != "yaml":
            return None
        found = component_file(self, to)
        if isinstance(found, ComponentFile):
            return found
        self.why = f"converted; the component stays in Python: {found}"
        return None

    def deterministic(self) -> list[str]:
        """The keyword that says whether the component may be reused, where it is not the default."""
        if self.reuse_code:
            return [f"is_deterministic={self.reuse_code}"]
        return [] if self.reuse else ["is_deterministic=False"]

    def _shown(self, to: Rewriter) -> str:
        """The literal of the name that the child job is looked for by, where the node has another: a job is shown under
        the variable of its node, if its component is not a ``command`` with a display name."""
        text = to.evaluator.text(self.display_name) if self.display_name is not None else None
        if text is None or text == self.node or not is_asked_for(text, to):
            return ""
        has_one = self.file(to) is None and len(self.named(to)) > 1
        return "" if has_one else json.dumps(text, ensure_ascii=False)

    def _said_of_node(self, to: Rewriter) -> list[str]:
        """What is said of the node in the pipeline, because a component in YAML cannot say it."""
        if self.given or self.file(to) is None:
            return self.said
        lines = []
        for port in self.arguments.outputs:
            call = parsed(port.declared)
            if isinstance(call, ast.Call) and any(key.arg in ("path", "name") for key in call.keywords):
                lines.append(f"{self.node}.outputs.{port.name} = {port.declared}")
        if self.settings.variables:
            lines.append(f"{self.node}.environment_variables = {self.settings.variables}")
        return lines

    def make_table(self, port: Port, table: str) -> None:
        """Makes an output an MLTable: its files are described in a file beside them. Raises ValueError for a step that
        runs no command, and where another step reads the output in another way."""
        if self.tables.setdefault(port.name, table) != table:
            raise ValueError(f"steps read the output {port.name} in different ways: an MLTable has the same for all")
        port.declared = port.declared.replace('"uri_folder"', '"mltable"')
        files = written_tables.pattern_of(table)
        self.reviews.append(f"the step describes its output {port.name} as a table of the files {files} in it")

    def named(self, to: Rewriter) -> list[str]:
        """The keywords of the component's name."""
        if self.display_name is None:
            return []
        text = to.evaluator.text(self.display_name)
        if text is None:
            return [f"display_name={to.source(self.display_name)}"]
        name = identifier(text, "step")
        shown = [f"display_name={to.source(self.display_name)}"] if name != text else []
        return [f'name="{name}"', *shown]


def waiting_input(index: int) -> str:
    """The input of a component for the order of its nodes: each of them waits for other ones, or for none."""
    return f"after_{index + 1}"


def _key(name: str) -> str:
    return f'"{name}"'


#: Reads the call of a step: with the variables of its component and its node.
Reader = Callable[[Use, str, str, Rewriter], "Step"]
#: The readers of the classes of steps. Rules for other kinds of steps add theirs with ``reads``.
READERS: dict[str, Reader] = {}


def reads(*symbols: str) -> Callable[[Reader], Reader]:
    """Registers a reader for classes of steps; it raises ValueError where a step cannot be read. It may return a
    subclass of Step that writes another component."""

    def register(reader: Reader) -> Reader:
        READERS.update(dict.fromkeys(symbols, reader))
        return reader

    return register


@reads(*sorted(COMMAND_STEPS))
def read_step(use: Use, component: str, node: str, to: Rewriter) -> Step:
    """Reads the call of a step's class. Raises ValueError where it cannot be read."""
    written = roots(use.argument("outputs"), to)
    passed = use.argument("arguments", "arguements", "estimator_entry_script_arguments")
    nodes = list_elements(passed, to) if passed is not None else []
    settings = Settings.of_step(use, to)
    start = ""
    if use.symbol == "CommandStep":
        arguments = _command(use, settings, written, to)
    else:
        arguments = _run_time_inputs(use, node, to)
        arguments.read = roots(use.argument("inputs"), to)
        read_arguments(nodes, written, to, found=arguments)
        start = _python(use, arguments, to)
    declare_inputs(use, written, arguments, to)
    copied = _declared_outputs(use, arguments, to)
    type_outputs(use, arguments, to)
    type_inputs(use, arguments, to)
    step = Step(use, component, node, arguments, settings, start, use.argument("name"))
    step.copied = copied
    step.rows = read_as_tables([use.argument("inputs")], nodes, arguments, to)
    take_registered(step, [use.argument("outputs")], nodes, to)
    step.parts += settings.parts
    if use.argument("name") is None and use.symbol in ("PythonScriptStep",):
        step.display_name = use.argument("script_name", position=0)
    take_reuse(step, use.argument("allow_reuse", "allow_reused"), to)
    if settings.spark is not None:
        from amlbridge.migrate.models.jobs.spark import as_spark

        script = use.argument("script_name", position=0)
        if script is None or arguments.parts[:1] == [("code", to.source(script))]:
            raise ValueError("the script of a step on Spark has to be known here")
        return as_spark(step, script, to)
    return step


_REUSED = "a node of this kind is reused where its inputs are the same: force_rerun of the pipeline's settings runs all"


def take_reuse(step: Step, node: ast.expr | None, to: Rewriter, *, said: bool = True) -> None:
    """Reads ``allow_reuse``, which SDK v1 takes for true when nothing is said. ``said``: whether the node that the step
    becomes can say it."""
    if node is None:
        return
    try:
        step.reuse = bool(to.evaluator.constant(node))
    except ValueError:
        step.reuse_code = to.source(node)
    if not said and step.deterministic():
        step.reviews.append(_REUSED)


def _run_time_inputs(use: Use, node: str, to: Rewriter) -> Arguments:
    """The inputs that the code lists when it runs."""
    listed = use.argument("inputs")
    elements = list_elements(listed, to) if listed is not None else []
    lists = [element.value for element in elements if isinstance(element, ast.Starred)]
    found = Arguments()
    if lists:
        found.run_time = to.fresh(f"{node}_inputs")
        found.lists = [to.source(element) for element in lists]
        if not any(holds_outputs(element, to) for element in lists):  # else they are nodes' by then
            found.words = functions(use.statement, to)[1]
        found.reviews.append(REVIEW)
    return found


def _python(use: Use, arguments: Arguments, to: Rewriter) -> str:
    """The start of the command line of a script of Python or R."""
    program = "python"
    if use.symbol == "RScriptStep":
        _check_r(use)
        program = "Rscript"
    script = opened(use.argument("script_name", "estimator_entry_script", position=0), to)
    settings = use.argument("estimator")
    if script is None and settings is not None:
        from amlbridge.migrate.models.jobs.settings import estimator_script

        script = estimator_script(settings, to)
    if script is None:
        raise ValueError("the script of the step cannot be told")
    text = to.evaluator.text(script)
    if text is not None and (isinstance(script, ast.Constant) or text):
        return f"{program} {shlex.quote(text)}"
    arguments.parts.insert(0, ("code", to.source(script)))
    return program


def _check_r(use: Use) -> None:
    """Raises ValueError for a step that has its R from elsewhere than its run configuration."""
    for name in ("custom_docker_image", "cran_packages", "github_packages", "custom_url_packages"):
        given = use.argument(name)
        if not is_false(given):
            raise ValueError(f"say {name} in the environment of a run configuration (env.r)")
    if use.argument("runconfig", position=4) is None:
        raise ValueError("the image that SDK v1 ran R in is gone: give the step a run configuration that has R")


def _command(use: Use, settings: Settings, written: list[ast.expr], to: Rewriter) -> Arguments:
    """The command line of a CommandStep, which its ScriptRunConfig may have."""
    command = use.argument("command", position=0)
    if command is None:
        made = next((found for part in settings.parts if (found := to.use_of(part)) is not None), None)
        command = made.argument("command") if made is not None else None
    if command is None:
        raise ValueError("the command of the step is in its run configuration: give it to command(...)")
    together = to.evaluator.text(command) is None and kind_of(to.evaluator, command) == "text"
    if together and not has_data(command, to):
        arguments = Arguments()
        arguments.expression(to.source(command))
        return arguments
    words, line = shell_line(command, to)
    return read_arguments(words, written, to, line, Arguments(read=roots(use.argument("inputs"), to)))


def roots(node: ast.expr | None, to: Rewriter) -> list[ast.expr]:
    """What made the data of a list."""
    if node is None:
        return []
    found = []
    for element in list_elements(node, to):
        data = follow(element, to) if not isinstance(element, ast.Starred) else None
        if data is not None:
            found.append(data.root)
    return found


def declare_inputs(use: Use, written: list[ast.expr], arguments: Arguments, to: Rewriter) -> None:
    """Inputs that the arguments do not name: the run script reads them by name, from ``AZURE_ML_INPUT_name``."""
    node = use.argument("inputs")
    for element in list_elements(node, to) if node is not None else []:
        if isinstance(element, ast.Starred) and arguments.run_time:
            continue
        if isinstance(element, ast.Starred):
            raise ValueError("the inputs are listed at run time")
        value = to.evaluator.value(element)
        pair = value.node if isinstance(value, Code) else element
        if isinstance(pair, ast.Tuple) and pair.elts:  # (parameter of a path, DataPathComputeBinding(...))
            element = pair.elts[0]
            value = to.evaluator.value(element)
        if isinstance(value, Instance) and value.type == "PipelineParameter":
            parameter_port(element, value, "", arguments, to)
            if isinstance(pair, ast.Tuple):
                bind(pair, arguments, to)
            continue
        data = follow(element, to)
        if data is None:
            raise ValueError("an input of the step cannot be told")
        named_by(element, input_port(data, "", arguments, to), to)


def read_as_tables(
    listed: Iterable[ast.expr | None], passed: Iterable[ast.expr], arguments: Arguments, to: Rewriter
) -> dict[ast.expr, str]:
    """The outputs of other steps that the script gets as tables (``rows.read_delimited_files().as_input("rows")``), and
    how they are read: its input is an MLTable. ``listed``: the lists of its inputs; ``passed``: its arguments."""
    found = {}
    elements = [element for node in listed if node is not None for element in list_elements(node, to)]
    for element in (*elements, *passed):
        data = follow(element, to) if not isinstance(element, ast.Starred) else None
        port = next((port for port in arguments.inputs if data is not None and port.source is data.root), None)
        if data is not None and port is not None and data.rows:
            found[data.root] = written_tables.definition(data, to)
            port.declared = port.declared.replace('"uri_folder"', '"mltable"')
    return found


def take_registered(step: Step, listed: Iterable[ast.expr | None], passed: Iterable[ast.expr], to: Rewriter) -> None:
    """Notes the outputs that SDK v1 registers as tables when the step has ended: who looks one up reads its rows.
    ``listed``: the lists of its outputs; ``passed``: its arguments."""
    elements = [element for node in listed if node is not None for element in list_elements(node, to)]
    for element in (*elements, *passed):
        data = follow(element, to) if not isinstance(element, ast.Starred) else None
        if data is None or not data.rows or "register_on_complete" not in data.called or step.writes(data.root) is None:
            continue
        try:
            step.registered_tables[data.root] = written_tables.definition(data, to)
        except ValueError as error:
            step.reviews.append(f"{written_tables.REGISTERED}: {error}")


_UNNAMED = (
    "no argument names the output {0}: a script finds its folder in AZURE_ML_OUTPUT_{0}, where SDK v1 had "
    "AZUREML_DATAREFERENCE_{0}"
)


def _declared_outputs(use: Use, arguments: Arguments, to: Rewriter) -> list[tuple[str, str]]:
    """Adds the outputs that no argument names; gives the parts of the command line that copy data to them."""
    node = use.argument("outputs")
    parts: list[tuple[str, str]] = []
    for element in list_elements(node, to) if node is not None else []:
        data = follow(element, to) if not isinstance(element, ast.Starred) else None
        if data is None:
            raise ValueError("an output of the step cannot be told")
        known = len(arguments.outputs)
        port = named_by(element, output_port(data, "", arguments, to), to)
        if len(arguments.outputs) > known and data.type == "PipelineData":
            arguments.reviews.append(_UNNAMED.format(port.name))
        if len(arguments.outputs) > known:
            copied, review = copies(to.use_of(data.root), port.name, to)
            parts += copied
            arguments.reviews += [review] if review else []
    return parts
