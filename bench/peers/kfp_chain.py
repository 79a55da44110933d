"""Runs in the peers' environment: for each line on its input it runs the steps once and answers with the seconds.

No postponed annotations here: kfp reads the types of a component.
"""

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from kfp import dsl, local


@dsl.component(install_kfp_package=False)  # type: ignore[untyped-decorator, unused-ignore]
def step(index: int) -> None:
    """What the scripts of the other contestants do."""
    print(f"step {index}")


def main(settings: dict[str, Any]) -> None:
    """Measures until its input ends. What kfp and the steps print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    logging.disable(logging.INFO)
    count = len(settings["scripts"])

    @dsl.pipeline  # type: ignore[untyped-decorator, unused-ignore]
    def pipeline() -> None:
        """The steps, each after the one before it or all at once."""
        before = None
        for index in range(count):
            task = step(index=index)
            if settings["chain"] and before is not None:
                task.after(before)
            before = task

    local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=str(Path.cwd() / "root"))
    for _ in sys.stdin:
        began = time.perf_counter()
        pipeline()
        answers.write(f"{time.perf_counter() - began}\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
