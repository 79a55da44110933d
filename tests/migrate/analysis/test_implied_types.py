"""Types that only the use of a name tells."""

from __future__ import annotations

import pytest

from tests.migrate.project.test_exchange import flat
from tests.migrate.rules.support import convert

SUBMIT = """\
from azureml.core import ScriptRunConfig


def perform({given}):
    source = ScriptRunConfig(source_directory=".", script="train.py")
    return {submitted}
"""


@pytest.mark.parametrize(
    "submitted", ["trial.submit(source)", "trial.submit(config=source)", "trial.submit(source, tags={})"]
)
def test_what_submits_a_run_is_an_experiment(submitted: str) -> None:
    text = flat(convert(SUBMIT.format(given="trial", submitted=submitted)).text)
    assert "ml_client.jobs.create_or_update(source, experiment_name=trial" in text
    assert ".submit(" not in text


def test_an_executor_submits_no_run() -> None:
    text = convert(SUBMIT.format(given="pool", submitted="pool.submit(print, source)")).text
    assert "pool.submit(print, source)" in text


def test_data_of_a_loop_is_known_by_what_names_it() -> None:
    text = convert(
        """\
from azureml.core import ScriptRunConfig


def words(sets):
    found = ["--sets"]
    for index, (labels, images) in enumerate(sets):
        found.append(labels.as_named_input(f"labels_{index}"))
        found.append(images.as_named_input(f"images_{index}").as_mount())
    return found


def perform(trial, sets):
    listed = words(sets)
    return trial.submit(ScriptRunConfig(source_directory=".", script="train.py", arguments=listed))
"""
    ).text
    assert 'found.append(Input(type="uri_folder", path=images.id, mode="ro_mount"))' in text
    assert 'command="python train.py " + words_of(listed, job_inputs)' in text
