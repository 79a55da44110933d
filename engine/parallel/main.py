"""``python main.py SETTINGS.json``: the driver of a parallel run, as its step starts it.

See the package's docstring for why it is loaded under another name. Exit codes: 0, or that of
:data:`amlbridge.engine.kinds.SAID_WHY` with a sentence as the last line on standard error.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

_NAME = "amlbridge_parallel"
_SAID_WHY = 113


def _load() -> None:
    """Makes this folder importable as a package. What is imported from it needs no place in the search path, which
    belongs to the user's script."""
    here = Path(__file__).resolve().parent
    sys.path[:] = [place for place in sys.path if not place or Path(place).resolve() != here]
    specification = importlib.util.spec_from_file_location(
        _NAME, here / "__init__.py", submodule_search_locations=[str(here)]
    )
    assert specification is not None and specification.loader is not None, "this folder is a package"
    sys.modules[_NAME] = package = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(package)


def main(path: str) -> int:
    """Runs what the settings at ``path`` say. Returns the exit code."""
    _load()
    module = {name: importlib.import_module(f"{_NAME}.{name}") for name in ("batches", "driver", "entry", "worker")}
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    os.environ.update(document["variables"])
    if document["output_folder"] is not None:
        Path(document["output_folder"]).mkdir(parents=True, exist_ok=True)
    job = module["worker"].Job(document)
    try:
        module["driver"].Driver(job, module["batches"].make(job.settings, job.inputs)).run()
    except module["entry"].EntryError as error:
        sentence = " ".join(str(error).split())
        job.logs.result(f"failed: {sentence}\nSee logs/user/error for tracebacks.")
        print(f"the parallel run failed: {sentence}", file=sys.stderr, flush=True)
        return _SAID_WHY
    job.logs.result("completed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
