"""``python -m amlbridge.v1.select_files``: which local files a definition leaves, by the dataset engine itself.

Reads a definition (YAML over local files) from stdin and prints the paths that it leaves as the last line, a JSON list.
A process of its own, because the engine takes seconds to load and a hundred megabytes that the service need not hold.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> int:
    """Selects. Exit code 1 and the engine's message on stderr when it fails."""
    from azureml.dataprep import EnginelessDataflow
    from azureml.dataprep.api.errorhandlers import ExecutionError

    try:
        found = EnginelessDataflow(sys.stdin.read()).to_path(activity="to_path", source="FileDataset")
    except ExecutionError as error:
        if "NotFound" in str(error.error_code):
            found = []
        else:
            print(error, file=sys.stderr)
            return 1
    print()
    print(json.dumps(list(found)))
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the answer is told: threads of the engine may end the process by a signal while Python shuts down
