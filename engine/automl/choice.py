"""Which algorithms a search may use: all of the task, but for what the user allows and blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from amlbridge.engine.automl import algorithms
from amlbridge.engine.automl.algorithms import Algorithm
from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.problem import Problem
from amlbridge.engine.automl.settings import AutoMLSettings

Note = Callable[[str], None]
#: Names of ensembles, which are no algorithms but may be blocked like some.
_ENSEMBLES = ("VotingEnsemble", "StackEnsemble")
#: Other spellings that SDKs have used for an algorithm.
_ALSO = {
    "kneighbors": "knn",
    "extratrees": "extremerandomtrees",
    "lightgbmclassifier": "lightgbm",
    "lightgbmregressor": "lightgbm",
    "supportvectormachine": "svm",
    "linearsupportvectormachine": "linearsvm",
    "sgdclassifierwrapper": "sgd",
    "bernoullinb": "bernoullinaivebayes",
    "multinomialnb": "multinomialnaivebayes",
}


def chosen(settings: AutoMLSettings, known: Sequence[str], note: Note) -> list[str]:
    """The names among ``known`` that are allowed and not blocked, in their order. A name that is unknown or cannot be
    had is told. Raises :class:`AutoMLError` when none is left."""
    allowed = None if settings.allowed_models is None else _known(settings.allowed_models, known, "allowed", note)
    blocked = _known(settings.blocked_models, known, "blocked", note)
    found = [name for name in known if (allowed is None or name in allowed) and name not in blocked]
    if not found:
        raise AutoMLError(
            f"no algorithm is left to try: allowed_models and blocked_models leave none of {', '.join(known)}"
        )
    return found


def of_problem(problem: Problem, names: Sequence[str], sparse: bool, note: Note) -> Mapping[str, Algorithm]:
    """The algorithms of these names that suit the size and kind of the data; at least one."""
    every = algorithms.of_task(problem.settings.task)
    rows = len(problem.training)
    found = {}
    for name in names:
        item = every[name]
        if item.most_rows is not None and rows > item.most_rows:
            note(f"{name} is not tried: with {rows} rows it takes too long (the most is {item.most_rows})")
        elif sparse and not item.takes_sparse:
            note(f"{name} is not tried: it takes no sparse features, which so much text makes")
        else:
            found[name] = item
            if problem.training.weights is not None and not item.weighted:
                note(f"{name} takes no weights of rows: it is trained without the weight column")
    # What the user has asked for by name, and nothing else, is tried at any size.
    return found or {name: every[name] for name in names}


def _known(names: Sequence[str], known: Sequence[str], what: str, note: Note) -> set[str]:
    spelled = {_plain(name): name for name in known}
    unavailable = {_plain(name): name for name in algorithms.UNAVAILABLE}
    found = set()
    for name in names:
        plain = _plain(name)
        plain = _ALSO.get(plain, plain)
        if plain in spelled:
            found.add(spelled[plain])
        elif plain in unavailable:
            if what == "allowed":
                reason = algorithms.UNAVAILABLE[unavailable[plain]]
                note(f"the model {name} of allowed_models is not available here ({reason}): it is not tried")
        elif name not in _ENSEMBLES:
            note(
                f"the model {name!r} of {what}_models is unknown for this task and ignored; "
                f"there are {', '.join(known)}"
            )
    return found


def _plain(name: str) -> str:
    return name.replace("_", "").replace(" ", "").lower()


def ensembles(settings: AutoMLSettings) -> list[str]:
    """The ensembles that are wanted, in the order in which they come, last."""
    wanted = {_ENSEMBLES[0]: settings.enable_voting_ensemble, _ENSEMBLES[1]: settings.enable_stack_ensemble}
    return [name for name, on in wanted.items() if on and name not in settings.blocked_models]
