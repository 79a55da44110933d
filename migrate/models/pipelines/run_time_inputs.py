"""Inputs that are listed when the script runs: ``inputs=datasets["train"]``.

Neither their number nor their names are known here. Two functions in the new code name the data that the lists hold,
and put the names into the command line.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from amlbridge.migrate.models.code.new_functions import add_above
from amlbridge.migrate.rewriter import Rewriter

if TYPE_CHECKING:
    from amlbridge.migrate.models.steps.steps import Step

#: Where the rewriter's memory has the names of the functions.
MADE = "functions for inputs of run time"
#: What a person should check.
REVIEW = (
    "its data is listed when this code runs: the inputs are called data_0, data_1 and so on, and a script that asks "
    "for one by its own name has to take the path from its arguments"
)
_NAMED = '''def {inputs}(*lists):
    """The data in lists of inputs and arguments, by the names that a component gives it."""
    found = {{id(item): item for listed in lists for item in listed if isinstance(item, {make})}}
    return {{f"data_{{number}}": item for number, item in enumerate(found.values())}}


def {words}(listed, inputs):
    """The part of a command line that a list of arguments gives."""
    names = {{id(item): name for name, item in inputs.items()}}
    return " ".join(
        f"${{{{{{{{inputs.{{names[id(word)]}}}}}}}}}}" if id(word) in names else {shlex}.quote(str(word))
        for word in listed
    )


'''


def functions(at: ast.stmt, to: Rewriter) -> tuple[str, str]:
    """The names of the two functions, which are above the statement of the module where they are asked for first."""
    if MADE not in to.memory:
        inputs, words = to.fresh("inputs_in"), to.fresh("words_of")
        make, shlex = to.need("azure.ai.ml", "Input"), to.need_module("shlex")
        code = _NAMED.format(inputs=inputs, words=words, make=make, shlex=shlex)
        add_above(at, code, (inputs, words), to)
        to.memory[MADE] = inputs, words
    found = to.memory[MADE]
    assert isinstance(found, tuple)
    return found


def holds_outputs(listed: ast.expr, to: Rewriter) -> bool:
    """Whether a list that code puts together has data in it that steps of the pipeline write."""
    from amlbridge.migrate.models.code.additions import additions
    from amlbridge.migrate.models.datasets.data import INTERMEDIATE

    found = additions(listed, to) if isinstance(listed, ast.Name) else []
    return any(to.evaluator.type_of(addition.added) in INTERMEDIATE for addition in found)


def input_lines(step: Step, to: Rewriter) -> list[str]:
    """The statement that names the inputs of a step, before its component is made."""
    arguments = step.arguments
    if not arguments.run_time:
        return []
    named, _words = functions(step.use.statement, to)
    listed = ", ".join(dict.fromkeys(arguments.lists))
    return [f"{arguments.run_time} = {named}({listed})"]
