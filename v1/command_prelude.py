"""Linked as ``sitecustomize.py`` into the path of steps that are a command: runs :mod:`amlbridge.v1.step_prelude`.

The launcher runs the prelude inside a step that is a Python script, but what a shell starts it does not see: a
``python train.py`` of a command would lose its metrics. Standard library only, for any interpreter.
"""

import os
import sys


def _prelude() -> None:
    path = os.path.join(os.path.dirname(os.path.realpath(__file__)), "step_prelude.py")  # noqa: PTH118, PTH120
    with open(path, "rb") as file:  # noqa: PTH123
        exec(compile(file.read(), path, "exec"), {"__name__": "amlbridge_prelude", "__file__": path})


def _next() -> None:
    """Runs the sitecustomize that this one has hidden, if there is one."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    sys.path[:] = [place for place in sys.path if place != here]
    own = sys.modules.pop(__name__)
    try:
        __import__(__name__)
    except ImportError as error:
        if error.name != __name__:
            raise
    sys.modules.setdefault(__name__, own)


if __name__ == "sitecustomize":
    _prelude()
    _next()
