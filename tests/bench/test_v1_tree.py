"""The trees that the codemod is measured on."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bench import v1_tree


@pytest.mark.parametrize("text", [v1_tree.plain(200), v1_tree.v1(200), v1_tree.v1(3000)])
def test_the_modules_are_python(text: str) -> None:
    ast.parse(text)


def test_a_module_has_the_lines_asked_for() -> None:
    assert 2950 <= v1_tree.v1(3000).count("\n") <= 3000


def test_a_twentieth_of_the_files_has_v1(tmp_path: Path) -> None:
    lines = v1_tree.make(tmp_path, 8000)
    texts = [path.read_text() for path in tmp_path.rglob("module_*.py")]
    assert lines == sum(text.count("\n") for text in texts) >= 8000
    assert [sum("azureml" in text for text in texts), len(texts)] == [len(texts) // 20, len(texts)]
