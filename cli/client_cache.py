"""What clients of SDK v1 remember of a workspace, and must forget where that was a copy of it.

azureml-core keeps, by workspace, the files of the last code snapshot that it uploaded
(``~/.azureml/.projectcontent``), and names that snapshot again when nothing has changed. A copy of a workspace has the
id of the original: what was uploaded to the copy alone is not in the original, which would refuse the next submission.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FILES = ".azureml/.projectcontent/*/latestsnapshot"


@contextmanager
def kept() -> Iterator[None]:
    """In the end clients know what they knew before."""
    before = _read()
    try:
        yield
    finally:
        for path in _read().keys() - before.keys():
            path.unlink(missing_ok=True)
        for path, content in before.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _read() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path.home().glob(_FILES)}
