"""Runs in the peers' environment: ``kfp_chain.py SETTINGS ANSWER`` writes the seconds of each round to ANSWER.

No postponed annotations here: kfp reads the types of a component.
"""

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

from kfp import dsl, local


@dsl.component(install_kfp_package=False)  # type: ignore[misc, unused-ignore]
def step(index: int) -> None:
    """What the scripts of the other contestants do."""
    print(f"step {index}")


def main(settings: dict[str, Any], answer: Path) -> None:
    """Measures."""
    logging.disable(logging.INFO)
    count = len(settings["scripts"])

    @dsl.pipeline  # type: ignore[misc, unused-ignore]
    def pipeline() -> None:
        """The steps, each after the one before it or all at once."""
        before = None
        for index in range(count):
            task = step(index=index)
            if settings["chain"] and before is not None:
                task.after(before)
            before = task

    local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=str(Path.cwd() / "root"))
    seconds = []
    for _ in range(settings["rounds"]):
        began = time.perf_counter()
        pipeline()
        seconds.append(time.perf_counter() - began)
    answer.write_text(json.dumps(seconds))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), Path(sys.argv[2]))
