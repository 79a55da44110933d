"""``python -m amlbridge.cli.demo`` (``make demo``): an unmodified SDK v1 pipeline, run on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import click

from amlbridge.cli.output import say
from amlbridge.server import lifecycle
from amlbridge.server.home import FOLDER, VARIABLE, Home

_ROOT = Path(__file__).resolve().parents[1]
_SAMPLE = _ROOT / "samples" / "v1" / "breast_cancer" / "pipeline.py"


def main() -> int:
    """Runs the sample in ``build/demo`` and says where everything is; returns the sample's exit code."""
    if not _SAMPLE.is_file():
        say(f"the demo needs the samples of a checkout, and {_SAMPLE} is not there", style="red")
        return 1
    folder = _ROOT / "build" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    home = Home(folder / FOLDER)
    environment = {**os.environ, VARIABLE: str(home.root)}
    was_up = lifecycle.find(home).state == "up"
    say(f"amlbridge run {_SAMPLE.relative_to(_ROOT)}")
    began = time.monotonic()
    command = [sys.executable, "-m", "amlbridge.cli.main", "run", "--progress", str(_SAMPLE)]
    code = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    click.echo()
    if code == 0:
        click.echo(f"done in {time.monotonic() - began:.1f} s, without Azure. Where things are:")
        click.echo(f"  metrics      {folder / 'outputs'}")
        click.echo(f"  datastores   {home.blobs}")
        click.echo(f"  everything   {home.root} (remove it with {VARIABLE}={home.root} amlbridge reset)")
    if not was_up:
        lifecycle.stop(home)
    return code


if __name__ == "__main__":
    sys.exit(main())
