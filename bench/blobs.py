"""The real v1 client: a large file up and down against ``cp``; submitting a pipeline."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .live import Client, LiveService
from .machine import say
from .measure import Row, Series, interleave, timed

_NOTE = (
    "one file through `datastore.upload_files` and `datastore.download` of the v1 client, https included; the floor is "
    "`cp` of the file"
)
_SUBMIT_NOTE = "`Experiment.submit` in the v1 client: snapshots, modules, graph, run"


def rows(quick: bool) -> Iterator[Row]:
    """Upload, download, submission."""
    size, rounds = (50, 2) if quick else (200, 4)
    with tempfile.TemporaryDirectory(prefix="amlbridge-bench-") as root, LiveService(Path(root)) as service:
        with Client(service) as client:
            service.wait_until_warm()
            say("  submit")
            submitted = _submissions(service, client, Path(root) / "code", rounds + 1)
            say("  blobs")
            found = _transfers(client, Path(root), size, rounds)
        for name in ("upload", "download"):
            note = _NOTE if name == "upload" else ""
            yield Row(f"{name} of {size} MB", "MB/s", ours=found[name], floor=found["cp"], note=note)
        yield Row("submission of 3 steps, first", ours=Series.of(submitted[:1]), note=_SUBMIT_NOTE)
        yield Row("submission of 3 steps, again", ours=Series.of(submitted[1:]))


def _submissions(service: LiveService, client: Client, folder: Path, count: int) -> list[float]:
    folder.mkdir()
    (folder / "main.py").write_text("print('step')\n")
    seconds = []
    for _ in range(count):
        answer = client.ask("submit", folder=str(folder), steps=3)
        seconds.append(float(answer["seconds"]))
        service.wait(answer["workspace_id"], answer["run_id"])
    return seconds


def _transfers(client: Client, root: Path, size: int, rounds: int) -> dict[str, Series]:
    source, target = root / "large.bin", root / "down"
    with source.open("wb") as file:
        for _ in range(size):
            file.write(os.urandom(1_000_000))

    def upload() -> float:
        return size / float(client.ask("upload", path=str(source), target="large")["seconds"])

    def download() -> float:
        seconds = float(client.ask("download", folder=str(target), prefix="large/large.bin")["seconds"])
        (found,) = (path for path in target.rglob("*") if path.is_file())
        if found.stat().st_size != source.stat().st_size:
            raise RuntimeError(f"{found.stat().st_size} bytes came back of {source.stat().st_size}")
        shutil.rmtree(target)
        return size / seconds

    def copy() -> float:
        seconds = timed(lambda: subprocess.run(["cp", str(source), str(root / "copy")], check=True))
        (root / "copy").unlink()
        return size / seconds

    upload()
    return interleave({"upload": upload, "cp": copy, "download": download}, rounds)
