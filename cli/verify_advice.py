"""What a user can do about a script that could not run in the copy that `amlbridge verify` made."""

from __future__ import annotations

import re

#: What a script said last (its beginning or a part), and what helps.
_TABLE: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"config\.json, could not be found in |could not find config\.json in: ", re.IGNORECASE),
        "if it lies above the folder that was copied, name its folder: --project FOLDER",
    ),
    (
        re.compile(r"Protocol not known: azureml\b"),
        "the converted code needs the package azureml-fsspec in this Python: see README.md, Further client packages",
    ),
)


def with_advice(said: str) -> str:
    """What a script said last, and what to do about it where that is known."""
    advice = next((text for pattern, text in _TABLE if pattern.search(said)), None)
    return f"{said} ({advice})" if advice else said
