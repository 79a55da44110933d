"""How often a script of SDK v2 asks whether its job has ended.

azure-ai-ml sleeps from two up to sixty seconds between two questions of ``jobs.stream``; here the service holds a
question until something has changed, so that the client need not sleep. It reads the two variables when it is imported.
azureml-core reads the same ones and then does arithmetic with the texts, which raises TypeError: a script that uses
both SDKs must not have them. (Measured with azure-ai-ml 1.35.2 and azureml-core 1.61.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

NO_SLEEP = {"AZUREML_RUN_POLLING_INTERVAL_MIN": "0", "AZUREML_RUN_POLLING_INTERVAL_MAX": "1"}

_V2 = re.compile(rb"\bazure\.ai\.ml\b")
_V1 = re.compile(rb"\bazureml\.(core|data|pipeline|train|automl|widgets|contrib|opendatasets|interpret)\b")
#: More files beside a script, or larger ones, are not looked at: then the script is left as it is.
_MOST_FILES, _LARGEST = 500, 5_000_000


def variables(script: Path | None, given: Mapping[str, str]) -> dict[str, str]:
    """The variables for a script: none when it does not use SDK v2, when it or a module beside it uses SDK v1, or when
    the user has set one of them (``given`` is the environment)."""
    if script is None or not NO_SLEEP.keys().isdisjoint(given):
        return {}
    try:
        if not _V2.search(script.read_bytes()):
            return {}
        return {} if any(_V1.search(text) for text in beside(script)) else dict(NO_SLEEP)
    except (OSError, TooMuchError):
        return {}


class TooMuchError(Exception):
    """There is more to look at than a start may take."""


def beside(script: Path) -> Iterator[bytes]:
    """The script and the modules that it can import from its folder and the packages in it."""
    yield script.read_bytes()
    folder = script.parent
    for count, path in enumerate(sorted({*folder.glob("*.py"), *folder.glob("*/*.py")})):
        if count >= _MOST_FILES or path.stat().st_size > _LARGEST:
            raise TooMuchError
        yield path.read_bytes()
