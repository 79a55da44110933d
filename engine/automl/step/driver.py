"""``driver.py SETTINGS``: searches for a model in the folder of the step; a sentence says why there is none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

# Named here as well, so that a warm interpreter with these imports is chosen for the step.
import pandas  # noqa: F401
import sklearn  # noqa: F401


def main(arguments: list[str]) -> int:
    """Runs the step that the settings file describes."""
    try:
        from amlbridge.engine.automl import session
    except ImportError as error:
        print(
            f"AutoML needs the packages of amlbridge[automl] in the interpreter of the step ({sys.executable}): "
            f"{error}. Give the step no environment of its own, or install them there",
            file=sys.stderr,
        )
        return 1
    return session.run(json.loads(Path(arguments[0]).read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
