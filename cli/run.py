"""`amlbridge run` and `amlbridge exec`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from amlbridge.cli.output import EXIT_USAGE, Failure
from amlbridge.cli.session import Options, run
from amlbridge.engine.environments.modes import MODES, VARIABLE

_PASS_THROUGH = {
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
    "help_option_names": ["-h", "--help"],
}


def network_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that runs a script."""
    for option in (
        click.option(
            "--progress/--no-progress", default=None, help="Show steps as they change (default: on a terminal)."
        ),
        click.option(
            "--intercept",
            is_flag=True,
            help="Answer Azure's own hosts here: hardcoded storage accounts, service principals, key vaults.",
        ),
        click.option(
            "--environments",
            type=click.Choice(MODES),
            envvar=VARIABLE,
            help="Where steps run: in the current Python environment, or in one that uv builds for each specification "
            "(default: as the service was started).",
        ),
        click.option("--allow-network", is_flag=True, help="Do not stop connections to Azure hosts."),
        click.option(
            "--allow-host",
            "allowed_hosts",
            multiple=True,
            metavar="HOST",
            help="Let this Azure host through; repeatable.",
        ),
    ):
        function = option(function)
    return function


@click.command("run", context_settings=_PASS_THROUGH)
@network_options
@click.option(
    "--python",
    metavar="PATH",
    envvar="AMLBRIDGE_PYTHON",
    help="The interpreter to run it with (default: $AMLBRIDGE_PYTHON, or amlbridge's own).",
)
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARG]...")
def run_command(
    script: str,
    arguments: tuple[str, ...],
    python: str | None,
    allowed_hosts: tuple[str, ...],
    allow_network: bool,
    intercept: bool,
    progress: bool | None,
    environments: str | None,
) -> int:
    """Run an unmodified Azure ML SDK script against the local workspace, as `python SCRIPT ARG...` would.

    Starts the service when none is up, and writes a config.json into the current folder when there is none from here
    upwards. A connection to a real Azure host is stopped: the host is named and the script ended (exit code 86).
    Everything amlbridge says goes to standard error; the exit code is the script's.

    \b
    Examples:
      amlbridge run pipeline.py --epochs 3
      amlbridge run --intercept train.py       (train.py signs in with a service principal)
      amlbridge run --allow-host dprepdata.blob.core.windows.net pipeline.py
    """
    path = Path(script)
    if not path.is_file():
        why = "it is a folder" if path.is_dir() else "there is no such file"
        raise Failure(f"cannot run {script}", why=why, do="give the path of a Python script", code=EXIT_USAGE)
    interpreter = python or sys.executable
    command = [interpreter, script, *arguments]
    if path.suffix == ".ipynb":
        command = _notebook(path, interpreter, arguments)
    options = Options(
        allowed_hosts, allow_network, intercept, progress, environments=environments, write_config=True, script=path
    )
    return run(command, options)


def _notebook(path: Path, interpreter: str, arguments: tuple[str, ...]) -> list[str]:
    """The command that executes a notebook and keeps the result beside the current folder's files."""
    import subprocess

    if arguments:
        raise Failure("a notebook takes no arguments", do="set the values in the notebook", code=EXIT_USAGE)
    probe = [interpreter, "-c", "import nbconvert, nbclient, ipykernel"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        raise Failure(
            f"cannot run {path}",
            why="notebooks need nbconvert and ipykernel, which this Python does not have",
            do=f"{interpreter} -m pip install nbconvert ipykernel",
            code=EXIT_USAGE,
        )
    output = f"{path.stem}.executed"
    # The kernel that a notebook names is one of the machine that it was written on.
    kernel = "--ExecutePreprocessor.kernel_name=python3"
    options = ["--to", "notebook", "--execute", kernel, "--output", output, "--output-dir", "."]
    return [interpreter, "-m", "nbconvert", *options, str(path)]


@click.command("exec", context_settings=_PASS_THROUGH)
@network_options
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD [ARG]...")
def exec_command(
    command: tuple[str, ...],
    allowed_hosts: tuple[str, ...],
    allow_network: bool,
    intercept: bool,
    progress: bool | None,
    environments: str | None,
) -> int:
    """Run any command against the local workspace: jupyter, pytest, a shell. The same as `run`, but no config.json is
    written.

    \b
    Examples:
      amlbridge exec -- jupyter lab
      amlbridge exec -- pytest tests/
    """
    return run(command, Options(allowed_hosts, allow_network, intercept, progress, environments=environments))
