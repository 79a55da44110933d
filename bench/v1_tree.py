"""Trees of Python code for the codemod: plain modules, and some with SDK v1."""

from __future__ import annotations

from pathlib import Path

_PLAIN = '''\
def smoothed_{n}(values, weight=0.{d}):
    """Exponential smoothing of a series."""
    last, found = None, []
    for value in values:
        last = value if last is None else weight * last + (1 - weight) * value
        found.append(last)
    return found


class Window_{n}:
    """The last values of a series."""

    def __init__(self, size={n}):
        self.size = size
        self.values = []

    def add(self, value):
        self.values.append(value)
        if len(self.values) > self.size:
            del self.values[0]
        return sum(self.values) / len(self.values)


'''
_V1_HEAD = """\
import argparse

import numpy as np
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
print(ws.name, ws.resource_group, ws.location)


"""
_V1_PART = '''\
def train_{n}(alpha, epochs={n}):
    """Submits a training and reads its metrics."""
    environment = Environment.get(ws, name="AzureML-sklearn")
    config = ScriptRunConfig(
        source_directory="src",
        script="train.py",
        arguments=["--alpha", alpha, "--epochs", epochs],
        compute_target="cpu-cluster",
        environment=environment,
    )
    experiment = Experiment(workspace=ws, name="train-{n}")
    run = experiment.submit(config, tags={{"part": "{n}"}})
    run.wait_for_completion(show_output=True)
    metrics = run.get_metrics()
    print(run.id, run.get_status(), metrics.get("loss"))
    return np.mean([value for value in metrics.values() if isinstance(value, float)])


'''


def plain(lines: int) -> str:
    """A module of about so many lines without SDK v1."""
    return _filled("import math\n\n\n", _PLAIN, lines)


def v1(lines: int) -> str:
    """A module of about so many lines that uses SDK v1."""
    return _filled(_V1_HEAD, _V1_PART, lines)


def _filled(head: str, part: str, lines: int) -> str:
    count = max(1, (lines - head.count("\n")) // part.count("\n"))
    return (head + "".join(part.format(n=number, d=number % 9 + 1) for number in range(count))).rstrip() + "\n"


def make(folder: Path, lines: int, *, share: float = 0.05, module: int = 200) -> int:
    """Writes modules of about ``module`` lines, in packages of fifty, until there are ``lines``; ``share`` of them use
    SDK v1. Returns how many lines there are."""
    written = number = 0
    while written < lines:
        text = v1(module) if (number + 1) % round(1 / share) == 0 else plain(module)
        path = folder / f"package_{number // 50}" / f"module_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
        written += text.count("\n")
        number += 1
    return written
