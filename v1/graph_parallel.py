"""A ParallelRunStep's settings, from the arguments that its client writes for Azure's driver.

Protocol facts (azureml-pipeline-core 1.62 ``_generate_main_file_args``): ``--scoring_module_name SCRIPT``, settings as
``--mini_batch_size 10`` whose value may be a pipeline parameter, ``--output`` with the output, the user's own
arguments, then ``--input_fds_0 NAME`` for each file dataset, ``--input_ds_0 NAME`` for each tabular one, ``--input0``
with an input for anything else. Side inputs are inputs that none of these names.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence

from amlbridge.engine.parallel.settings import ParallelSettings, SettingsError, is_setting
from amlbridge.engine.plan import Input, InputRef, OutputRef, Piece, Value
from amlbridge.v1.graph_arguments import Pieces
from amlbridge.v1.graph_reading import malformed
from amlbridge.wire.errors import bad_request

SCRIPT = "scoring_module_name"
_INPUT_NAME = re.compile(r"--input_(?:fds|ds)_\d+")
_INPUT = re.compile(r"--input\d+")


def entry_script(arguments: Sequence[Pieces]) -> str | None:
    """The entry script that the arguments name."""
    for flag, value in _pairs(arguments):
        if flag == f"--{SCRIPT}" and all(isinstance(piece, Value) for piece in value):
            return "".join(str(piece.value) for piece in value if isinstance(piece, Value)) or None
    return None


def settings(
    arguments: Sequence[Pieces],
    inputs: Mapping[str, Input],
    names: Mapping[str, str],
    nodes: int,
    settle: Callable[[Piece, str], str],
    spot: str,
) -> ParallelSettings:
    """The settings of a step. ``names`` maps the client's names of inputs to those of the Plan; ``settle`` gives the
    text of a piece in this submission. Raises a 400 :class:`~amlbridge.wire.errors.ServiceError`."""
    texts: dict[str, str] = {}
    found: list[str] = []
    output = None
    for flag, value in _pairs(arguments):
        name = flag[2:]
        if is_setting(name):
            texts.setdefault(name, "".join(settle(piece, name) for piece in value))
        elif flag == "--output" and output is None:
            output = next((piece.name for piece in value if isinstance(piece, OutputRef)), None)
        elif _INPUT_NAME.fullmatch(flag):
            label = "".join(settle(piece, name) for piece in value)
            found.append(names.get(label, label))
        elif _INPUT.fullmatch(flag):
            found += [piece.name for piece in value if isinstance(piece, InputRef)]
    missing = [name for name in found if name not in inputs]
    if missing:
        raise malformed(spot, f"cuts the input {missing[0]!r} into mini batches, which it does not have")
    chosen = tuple(dict.fromkeys(found))
    made = ParallelSettings(
        entry_script=entry_script(arguments),
        inputs=chosen,
        # What is read through the SDK: rows, and files with partition keys.
        tables=tuple(name for name in chosen if inputs[name].mode == "direct"),
        output=output,
        nodes=nodes,
    )
    try:
        made = made.with_texts(texts)
    except SettingsError as error:
        raise bad_request(f"{spot}: {error}", "InvalidParallelRun") from error
    if made.partition_keys and len(made.tables) < len(chosen):
        raise bad_request(
            f"{spot}: partition_keys need datasets with partition_format, passed with as_named_input() alone",
            "InvalidParallelRun",
        )
    if not chosen and made.rank_mini_batch_count <= 0:
        raise malformed(spot, "has no input to cut into mini batches")
    return dataclasses.replace(made, output_action=made.output_action if output else "summary_only")


def _pairs(arguments: Sequence[Pieces]) -> list[tuple[str, Pieces]]:
    """Each ``--flag`` with the argument that follows."""
    found = []
    for index, item in enumerate(arguments[:-1]):
        if len(item) == 1 and isinstance(item[0], Value) and str(item[0].value).startswith("--"):
            found.append((str(item[0].value), arguments[index + 1]))
    return found
