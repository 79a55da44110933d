"""DataTransferStep as a command that copies: from an input to an output at the place of the destination."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets.data import INTERMEDIATE, REFERENCES, Data, follow
from amlbridge.migrate.models.jobs.arguments import Arguments, Port, input_port, output_port
from amlbridge.migrate.models.jobs.settings import SERVERLESS, Settings
from amlbridge.migrate.models.steps.service_scripts import environment_with
from amlbridge.migrate.models.steps.steps import Step, reads, take_reuse
from amlbridge.migrate.rewriter import Rewriter

_REVIEW = (
    "a command copies the files, on a compute; azure.ai.ml.data_transfer.copy_data has Data Factory do it, where one "
    "is attached"
)
_DATABASE = "SDK v2 reads no database in a pipeline: export the query to a datastore, or query it in a command"


@dataclass
class TransferStep(Step):
    """A step that copies: its component has no files of its own."""


#: The steps that are read here.
STEPS = ("DataTransferStep",)


@reads(*STEPS)
def read(use: Use, component: str, node: str, to: Rewriter) -> Step:
    """Reads a call of DataTransferStep. Raises ValueError where it cannot be read."""
    source = _data(use.argument("source_data_reference", position=1), "source", to)
    target = _data(use.argument("destination_data_reference", position=2), "destination", to)
    one = [to.evaluator.text(kind) if kind is not None else None for kind in _kinds(use)]
    arguments, settings = Arguments(), Settings(code="", compute=SERVERLESS)
    port = input_port(source, "source", arguments, to)
    if one[0] is not None:
        kind, other = ("uri_file", "uri_folder") if one[0] == "file" else ("uri_folder", "uri_file")
        port.declared, port.value = (text.replace(f'"{other}"', f'"{kind}"') for text in (port.declared, port.value))
    is_file = '"uri_file"' in port.declared
    written = _written(target, one, arguments, to)
    settings.environment = environment_with("copy_environment", [], use, to)
    start = f"cp -r ${{{{inputs.{port.name}}}}}{'' if is_file else '/.'} ${{{{outputs.{written.name}}}}}"
    step = TransferStep(use, component, node, arguments, settings, start, use.argument("name", position=0))
    step.reviews.append(_REVIEW)
    take_reuse(step, use.argument("allow_reuse"), to)
    return step


def _kinds(use: Use) -> tuple[ast.expr | None, ast.expr | None]:
    return (
        use.argument("source_reference_type", position=4),
        use.argument("destination_reference_type", position=5),
    )


def _data(node: ast.expr | None, what: str, to: Rewriter) -> Data:
    if node is not None and to.evaluator.type_of(node) == "SqlDataReference":
        raise ValueError(_DATABASE)
    data = follow(node, to) if node is not None else None
    if data is None:
        raise ValueError(f"the {what} of the transfer cannot be told")
    return data


def _written(target: Data, kinds: list[str | None], arguments: Arguments, to: Rewriter) -> Port:
    """The output of the step: at the place of the destination."""
    if target.type in INTERMEDIATE:
        return output_port(target, "destination", arguments, to)
    if target.type not in REFERENCES:
        raise ValueError("the destination of the transfer is no place of a datastore")
    kind = "uri_file" if kinds == ["file", "file"] else "uri_folder"
    make = to.need("azure.ai.ml", "Output")
    name = "destination" if "destination" not in arguments.taken else "copied"
    variable = Objects.of(to).variable(target.root)
    place = _path(to.source(variable if variable is not None else target.root))
    port = Port(name, f'{make}(type="{kind}", path={place})')
    arguments.outputs.append(port)
    return port


def _path(place: str) -> str:
    """The path of an Input: where it is made in this place, what it is given."""
    made = ast.parse(place, mode="eval").body
    given = [keyword.value for keyword in made.keywords if keyword.arg == "path"] if isinstance(made, ast.Call) else []
    return (ast.get_source_segment(place, given[0]) if given else None) or f"{place}.path"
