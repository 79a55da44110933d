"""Paths of the files of a run."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Experiment, Run, Workspace

OUT = "./outputs"
run = Run(Experiment(Workspace.from_config(), "e"), "id")
"""
START = "azureml://jobs/{run.name}/outputs/artifacts/paths/"


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ('"./outputs/a.pkl"', f'f"{START}outputs/a.pkl"'),
        ('f"{OUT}/a.pkl"', f'f"{START}outputs/a.pkl"'),
        ('f"./outputs/{name}"', f'f"{START}outputs/{{name}}"'),
        ('"./outputs/" + name', "outputs/' + name"),
        ("path", f'f"{START}{{path}}"'),
    ],
)
def test_the_address_of_a_file(path: str, after: str) -> None:
    text = convert(f'{HEAD}run.register_model(model_name="m", model_path={path})\n').text
    assert "".join(after.split()) in "".join(text.split()) and "/./" not in text


@pytest.mark.parametrize("path", ['"/outputs/x"', '"./outputs/x"', '"outputs/x"'])
def test_a_file_that_is_downloaded(path: str) -> None:
    assert 'artifact_path="outputs/x"' in convert(f'{HEAD}run.download_file({path}, "b")\n').text
