"""A script that cannot run in its copy says what to do about it."""

from __future__ import annotations

import pytest

from amlbridge.cli.verify_advice import with_advice


@pytest.mark.parametrize(
    "said",
    [
        "UserErrorException: The workspace configuration file config.json, could not be found in /tmp or its parent",
        "azure.ai.ml.exceptions.ValidationException: We could not find config.json in: ../.. or in its",
    ],
)
def test_a_workspace_file_above_the_copy_is_got_with_the_project(said: str) -> None:
    assert with_advice(said) == (
        f"{said} (if it lies above the folder that was copied, name its folder: --project FOLDER)"
    )


def test_uploads_of_converted_code_need_their_package() -> None:
    found = with_advice("ValueError: Protocol not known: azureml")
    assert "azureml-fsspec" in found and "README.md" in found


def test_nothing_is_advised_about_other_errors() -> None:
    assert with_advice("KeyError: 'config.json'") == "KeyError: 'config.json'"
