"""``python -m amlbridge.cli.demo [automl]`` (``make demo``, ``make demo-automl``): samples of SDK v1.

The first is verified: migrated, both run, compared. The other is run.
"""

from __future__ import annotations

import os
import shutil
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
    """Shows a sample in a folder of ``build`` and says where everything is; returns the exit code of the command."""
    sample, name = _DEMOS[which]
    script = _ROOT / "samples" / "v1" / sample / "pipeline.py"
    if not script.is_file():
        say(f"the demo needs the samples of a checkout, and {script} is not there", style="red")
        return 1
    folder = _ROOT / "build" / name
    folder.mkdir(parents=True, exist_ok=True)
    return _run(script, folder) if which else _verify(script, folder)


def _verify(script: Path, folder: Path) -> int:
    kept, report = folder / "verified", folder / "report.html"
    if kept.exists():
        shutil.rmtree(kept)
    # Of the demo before this one nothing is wanted: a state that is not there is an empty one.
    environment = {**os.environ, VARIABLE: str(folder / "no-state")}
    say(f"amlbridge verify {script.relative_to(_ROOT)}")
    began = time.monotonic()
    command = [sys.executable, "-m", "amlbridge.cli.main", "verify", "--keep", str(kept), "--report", str(report)]
    code = subprocess.run([*command, str(script)], cwd=folder, env=environment, check=False).returncode
    click.echo()
    if report.exists():
        click.echo(f"done in {time.monotonic() - began:.1f} s, without Azure. Open the report in a browser:")
        click.echo(f"  {report.as_uri()}")
        click.echo(f"  before       {kept / 'v1' / 'pipeline.py'}")
        click.echo(f"  migrated     {kept / 'v2' / 'pipeline.py'}")
    return code


def _run(script: Path, folder: Path) -> int:
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
