"""``python -m amlbridge.cli.demo [automl]`` (``make demo``, ``make demo-automl``): a sample of SDK v1, run here."""

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
#: Which demo -> the folder of its sample, and the one that it runs in.
_DEMOS = {"": ("breast_cancer", "demo"), "automl": ("automl_titanic", "demo-automl")}


def main(which: str = "") -> int:
    """Runs a sample in a folder of ``build`` and says where everything is; returns the sample's exit code."""
    sample, name = _DEMOS[which]
    script = _ROOT / "samples" / "v1" / sample / "pipeline.py"
    if not script.is_file():
        say(f"the demo needs the samples of a checkout, and {script} is not there", style="red")
        return 1
    folder = _ROOT / "build" / name
    folder.mkdir(parents=True, exist_ok=True)
    home = Home(folder / FOLDER)
    environment = {**os.environ, VARIABLE: str(home.root)}
    was_up = lifecycle.find(home).state == "up"
    say(f"amlbridge run {script.relative_to(_ROOT)}")
    began = time.monotonic()
    command = [sys.executable, "-m", "amlbridge.cli.main", "run", "--progress", str(script)]
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
    sys.exit(main(*sys.argv[1:]))
