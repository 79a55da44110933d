"""What is laid out without black is laid out as black does it."""

from __future__ import annotations

import random

import black
import pytest

from amlbridge.migrate.text.plain_code import lay_out_plain

_WORDS = ("job", "inputs", "ml_client", "jobs", "create_or_update", "experiment_name", "a_rather_long_name_of_a_thing")
_CONSTANTS = ("1", "0", "23", "0.5", "None", "True", "False", '""', 'f"{name}-1"', "\"'${{inputs.alpha}}'\"")


class _Code:
    """Statements by chance, the same ones in each run."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def dotted(self) -> str:
        return ".".join(self.random.choices(_WORDS, k=self.random.choice([1, 1, 2, 3])))

    def expression(self, depth: int) -> str:
        kind = self.random.randrange(8 if depth else 3)
        if kind < 3:
            string = '"' + "".join(self.random.choices("abc-/ :.#'", k=self.random.choice([0, 5, 20, 40, 90]))) + '"'
            return [self.dotted(), string, self.random.choice(_CONSTANTS)][kind]
        if kind == 3:
            return f"[{self.several(depth)}]"
        if kind == 4:
            return (
                "{" + ", ".join(f'"{n}": {self.expression(depth - 1)}' for n in range(self.random.randrange(4))) + "}"
            )
        if kind == 5:
            return f"{self.call(depth - 1)}.{self.dotted()}"
        return self.call(depth - 1) if kind == 6 else f'{self.dotted()}["{self.random.choice(_WORDS)}"]'

    def several(self, depth: int) -> str:
        return ", ".join(self.expression(max(depth - 1, 0)) for _ in range(self.random.randrange(4)))

    def call(self, depth: int) -> str:
        count = self.random.randrange(6)
        plain = self.random.randrange(count + 1)
        values = [self.expression(max(depth, 0)) for _ in range(count)]
        return f"{self.dotted()}({', '.join(v if n < plain else f'k{n}={v}' for n, v in enumerate(values))})"

    def statement(self) -> str:
        start = f"{self.dotted()} = " if self.random.random() < 0.7 else ""
        return start + (self.call(2) if self.random.random() < 0.9 or not start else self.expression(2))


@pytest.mark.parametrize("seed", range(4))
def test_as_black(seed: int) -> None:
    code = _Code(seed)
    plain = 0
    for _ in range(150):
        text = "\n".join(code.statement() for _ in range(code.random.choice([1, 1, 1, 2])))
        limit = code.random.choice([88, 84, 80, 60, 40])
        found = lay_out_plain(text, limit)
        plain += found is not None
        if found is not None:
            assert found == black.format_str(text, mode=black.Mode(line_length=limit)).rstrip("\n")
    assert plain > 40


@pytest.mark.parametrize(
    "text",
    [
        "job = command(name='a')",  # black wants other quotes
        'job = command(name = "a")',
        'job = command(name="a",)',
        'job = command(name=("a"))',
        "job = command(*parts, **options)",
        "job = command(a, b)  # why",
        "job = command(a, b);",
        "job = command(0XFF, 1E5, 2j)",
        'job = command("a" "b")',
        'job = command(U"a", B"b")',
        'job = command("ä")',
        "job = first = command(a)",
        "job: Job = command(a)",
        "import os, sys",
        "from os import (path)",
        "from os import path\njob = command(path)",  # black puts a blank line between them
        "def train(): pass",
        "if a: b()",
        "job = command(",
    ],
)
def test_left_to_black(text: str) -> None:
    assert lay_out_plain(text, 88) is None


def test_imports() -> None:
    text = "import mlflow\nfrom azure.ai.ml import MLClient, command as job\nfrom azure.identity import X509Credential"
    assert lay_out_plain(text, 88) == text
    assert lay_out_plain(text, 40) is None
