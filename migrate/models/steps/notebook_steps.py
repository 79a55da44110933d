"""A notebook that runs as a job or a step: a command with papermill."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.names import identifier, unique
from amlbridge.migrate.models.code.static import NotKnownError, Static
from amlbridge.migrate.models.datasets.data import follow
from amlbridge.migrate.models.jobs.arguments import Arguments, Port, data_name, list_elements, read_arguments
from amlbridge.migrate.models.jobs.settings import SERVERLESS, Settings
from amlbridge.migrate.models.steps.steps import Step, reads, take_reuse
from amlbridge.migrate.rewriter import Rewriter

_INSTALLED = "papermill is installed in each run: put papermill and ipykernel into the environment to save that"
#: Settings of AzureMLNotebookHandler -> option of papermill for a value.
_HANDLED: dict[str, Callable[[object], str]] = {
    "timeout": lambda value: f"--execution-timeout {value}" if isinstance(value, int) else "",
    "progress_bar": lambda value: "--no-progress-bar" if value is False else "",
    "log_output": lambda value: "--log-output" if value is True else "",
}


@dataclass
class Notebook:
    """The command of a NotebookRunConfig. ``parts``: the expressions that belong to it; ``name``: the notebook's file;
    ``output``: the file that papermill writes, or "" for one in the folder ``outputs`` of the job."""

    config: Use
    name: str
    arguments: Arguments
    settings: Settings
    options: list[str]
    parts: list[ast.AST]
    output: str = ""

    def start(self, output: str = "") -> str:
        """The command line in front of the parameters. ``output``: the output of the component that gets the notebook
        as it ran."""
        file = (self.output or self.name.rpartition("/")[2]).removeprefix("./").removeprefix("outputs/")
        folder = shlex.quote(f"outputs/{file}".rpartition("/")[0])
        place = f"${{{{outputs.{output}}}}}/{shlex.quote(file)}" if output else shlex.quote(f"outputs/{file}")
        folder = "" if output else f"mkdir -p {folder}"
        parts = ["pip install --quiet papermill ipykernel", *([folder] if folder else [])]
        run = ["papermill -k python3", *self.options, shlex.quote(self.name), place]
        return " && ".join([*parts, " ".join(run)])


def read_notebook(config: Use, step: Use | None, to: Rewriter) -> Notebook:
    """Reads a NotebookRunConfig. ``step``: the call of the step that runs it, if one does. Raises ValueError where it
    cannot be read."""
    source, notebook = config.argument("source_directory", position=0), config.argument("notebook", position=1)
    try:
        name = Static(to, notebook).value(notebook) if notebook is not None else None
    except NotKnownError:
        name = None
    if not isinstance(name, str):
        raise ValueError("the notebook is known only when the script runs")
    settings = Settings()
    if source is not None:
        settings.code, settings.source = to.source(source), source
    configuration, compute = config.argument("run_config"), None
    if step is not None:
        configuration, compute = step.argument("runconfig") or configuration, step.argument("compute_target")
    settings.take(configuration, None, compute, step or config, to)
    settings.reviews.append(_INSTALLED)
    found = Notebook(config, name, Arguments(), settings, [], [config.node])
    written = config.argument("output_notebook")
    found.output = (to.evaluator.text(written) or "") if written is not None else ""
    _handler(found, config.argument("handler"), to)
    add_parameters(found.arguments, config.argument("parameters"), to)
    return found


def _handler(found: Notebook, node: ast.expr | None, to: Rewriter) -> None:
    made = to.maker(node)
    if made is None:
        return
    found.parts.append(made.node)
    for key, option in _HANDLED.items():
        setting = made.argument(key)
        text = option(setting.value) if isinstance(setting, ast.Constant) else ""
        found.options += [text] if text else []


def add_parameters(arguments: Arguments, node: ast.expr | None, to: Rewriter) -> None:
    """Adds parameters of a notebook. Raises ValueError where they are put together at run time."""
    if node is None or is_none(node):
        return
    inner = to.evaluator.behind(node)
    if not isinstance(inner, ast.Dict):
        raise ValueError("the parameters of the notebook are put together at run time")
    for key, item in zip(inner.keys, inner.values, strict=True):
        name = to.evaluator.text(key)
        if name is None:
            raise ValueError("the parameters of the notebook are put together at run time")
        if not (isinstance(item, ast.Constant) and item.value is None):
            _parameter(arguments, name, item, [], to)


def _parameter(arguments: Arguments, name: str, node: ast.expr, written: list[ast.expr], to: Rewriter) -> None:
    """``-p`` has papermill read numbers and truth values, ``-r`` keeps text as it is."""
    read = read_arguments([ast.Constant(f"--{name}"), node], written, to)
    plain = isinstance(node, ast.Constant) and isinstance(node.value, (int, float))
    number = plain or any(port.type in ("integer", "number", "boolean") for port in read.inputs)
    number = number or any(f'type="{kind}"' in port.declared for port in read.inputs for kind in ("integer", "number"))
    for ports, known in ((read.inputs, arguments.inputs), (read.outputs, arguments.outputs)):
        known += [port for port in ports if _is_new(port, known)]
    arguments.taken |= read.taken
    arguments.text(f"{'-p' if number else '-r'} {shlex.quote(name)}")
    arguments.parts += read.parts[1:]


def _is_new(port: Port, known: list[Port]) -> bool:
    return all(port.name != other.name for other in known)


@reads("NotebookRunnerStep")
def read(use: Use, component: str, node: str, to: Rewriter) -> Step:
    """Reads a call of NotebookRunnerStep. Raises ValueError where it cannot be read."""
    given = use.argument("notebook_run_config")
    config = to.maker(given)
    if config is None or config.symbol != "NotebookRunConfig":
        raise ValueError("the NotebookRunConfig of the step is made elsewhere")
    notebook = read_notebook(config, use, to)
    arguments = notebook.arguments
    add_parameters(arguments, use.argument("params"), to)
    for keyword in ("inputs", "outputs"):
        listed = use.argument(keyword)
        for element in list_elements(listed, to) if listed is not None else []:
            data = follow(element, to) if not isinstance(element, ast.Starred) else None
            if data is None:
                raise ValueError(f"what the step has as {keyword} cannot be told")
            if all(port.source is not data.root for port in (*arguments.inputs, *arguments.outputs)):
                _parameter(arguments, data_name(data, to), element, [data.root] if keyword == "outputs" else [], to)
    output = ""
    named = use.argument("output_notebook_pipeline_data_name")
    if named is not None:
        text = to.evaluator.text(named)
        if text is None:
            raise ValueError("the name of the output with the notebook is known only when the script runs")
        output = unique(identifier(text, "notebook"), arguments.taken)
        arguments.outputs.append(Port(output, f'{to.need("azure.ai.ml", "Output")}(type="uri_folder")'))
    notebook.settings.compute = notebook.settings.compute or SERVERLESS
    name = use.argument("name", position=0)
    step = Step(use, component, node, arguments, notebook.settings, notebook.start(output), name)
    step.parts += notebook.parts
    take_reuse(step, use.argument("allow_reuse"), to)
    return step
