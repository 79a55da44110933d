"""Searches that tune different parameters of one script: all but those like the first have a command of their own; so
have all of a script that runs alone as well, unless its arguments have values for what is tuned.

SDK v1 adds the parameters to the arguments of the script when it runs; a command of SDK v2 says itself which it has.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.jobs.sweeps import Sweep, names_in, spaces_of, trial_of
from amlbridge.migrate.registry import Replace, handlers
from amlbridge.migrate.rewriter import Rewriter

_ALONE = "the script runs alone as well, without what is tuned: give the search a configuration of its own"
_DIFFERENT = "its searches tune different parameters: give each of them a configuration of its own"


def own_trial(sweep: Sweep, to: Rewriter) -> str:
    """The variable of the command that a search has for itself, which is made above it; "" where it takes the one that
    is there. Raises ValueError where that cannot be written again."""
    trial = trial_of(sweep.use, to)
    spaces = spaces_of(trial, to) if trial is not None else []
    names = names_in(sweep.space)
    alone = trial is not None and ("alone", trial.node) in to.memory
    if trial is None or not spaces or (names == names_in(spaces[0]) and not alone):
        return ""
    key = ("own trial", trial.node, names)
    if key not in to.memory:
        to.memory[key] = _made_again(trial, sweep, names, to)
    return str(to.memory[key])


def _made_again(trial: Use, sweep: Sweep, names: frozenset[str], to: Rewriter) -> str:
    scopes = to.evaluator.scopes
    to.memory["tuned", trial.node] = names
    handler = next(handlers()[symbol][1] for symbol in trial.symbols if symbol in handlers())
    outcome = handler(trial, to)
    del to.memory["tuned", trial.node]
    here = scopes.of(trial.node) is scopes.of(sweep.use.node)
    if not isinstance(outcome, Replace) or not isinstance(sweep.trial, ast.Name) or not here:
        raise ValueError(_ALONE if ("alone", trial.node) in to.memory else _DIFFERENT)
    name = to.fresh(sweep.trial.id)
    to.before(sweep.use.statement, f"{name} = {outcome.text}")
    return name
