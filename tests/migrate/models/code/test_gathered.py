"""Arguments that code gathers: data that is in them stays an input of the job."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
rows = Dataset.get_by_name(ws, "rows").as_named_input("rows").as_mount()
"""
TAIL = """\
job = ScriptRunConfig("src", script="train.py", arguments=words, environment=env, compute_target="cpu")
run = Experiment(ws, "train").submit(job)
"""


@pytest.mark.parametrize(
    "gathered",
    [
        "given = {}\nfor key in vars(flags):\n    given[key] = getattr(flags, key)\ngiven['--rows'] = rows\n"
        "words = [word for pair in given.items() for word in pair]\n",
        "given = {'--rows': rows}\ngiven.update(more)\nwords = []\nfor key, value in given.items():\n"
        "    words += [key, value]\n",
        "pairs = [['--kind', kind], ['--rows', rows]]\nwords = sum(pairs, [])\n",
        "given = dict(more)\ngiven['--rows'] = rows\nwords = []\nfor key in given:\n    words.extend([key])\n"
        "words += [value for value in given.values()]\n",
    ],
)
def test_data_among_gathered_arguments_is_an_input(gathered: str) -> None:
    """``str(Input(...))`` would be a word that no script can read."""
    text = convert(HEAD + gathered + TAIL).text
    assert "map(str, words)" not in text
    assert "job_inputs = inputs_in(words)" in text and "inputs=job_inputs" in text and "azureml" not in text


def test_gathered_arguments_without_data_are_words() -> None:
    text = convert(
        f"{HEAD}given = {{'--kind': kind}}\ngiven.update(more)\n"
        f"words = [word for pair in given.items() for word in pair]\nprint(rows)\n{TAIL}"
    ).text
    assert "shlex.join(map(str, words))" in text and "azureml" not in text
