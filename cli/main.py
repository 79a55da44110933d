"""``amlbridge``: the command. Each subcommand's module is imported when it is called: start-up has to be quick."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys

import click

from amlbridge.cli.output import EXIT_FAILURE, EXIT_UNAVAILABLE, Failure
from amlbridge.engine.errors import EngineError, StateError

#: Command -> module and one line of help; in the order of the help page.
_COMMANDS = {
    "up": ("service", "Start the local workspace service."),
    "down": ("service", "Stop it."),
    "status": ("status", "Show the service, or the steps of one run."),
    "env": ("env", "Print the variables that lead the Azure ML SDKs to the service."),
    "doctor": ("doctor", "Check this machine and say what to do about each problem."),
    "reset": ("reset", "Remove the state folder: workspaces, runs, data, everything."),
    "published": ("published", "Show, run, export and import published pipelines."),
    "token": ("token", "Print a token with which curl and other programs call the service."),
    "compute": ("compute", "Add, list and remove the computes that scripts name."),
    "map": ("map", "Map URLs that scripts read to files of this machine."),
    "migrate": ("migrate", "Convert code of SDK v1 to SDK v2."),
    "trace": ("trace", "Write what a script of SDK v1 submits as SDK v2, without running it."),
    "compare": ("compare", "Compare two pipelines: runs, Plans, pipeline YAMLs or scripts."),
    "verify": ("verify", "Prove that a script does the same after its migration: migrate a copy, run both, compare."),
    "run": ("run", "Run an unmodified Azure ML script against the local workspace."),
    "exec": ("run", "Run any command against the local workspace."),
}


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in their own order."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"amlbridge.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        from importlib.metadata import version

        click.echo(f"amlbridge {version('amlbridge')}")
        ctx.exit()


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show it.")
def cli() -> None:
    """Runs Azure ML code of SDK v1 and SDK v2 on this machine: the real clients talk to a local workspace service.

    \b
    Example:
      amlbridge run train.py --epochs 3

    The service keeps the state of a project (the folder of the nearest config.json, or the current one) outside of it:
    ~/.local/state/amlbridge/NAME-DIGITS, below XDG_STATE_HOME if that is set, or in AMLBRIDGE_HOME.

    \b
    Exit codes:
      0       done                            69   the service or its state folder cannot be used
      1       failed; doctor found problems   86   the script called a real Azure host and was stopped
      2       wrong usage                     126  exec: the command cannot be executed
      3       status: the service is down     127  exec: there is no such command
    run and exec otherwise return the exit code of what they run (128+N when signal N ended it).
    """


def _ended(number: int, _frame: object) -> None:
    """What a command has started, such as the services of ``verify``, ends with it."""
    sys.exit(128 + number)


def main() -> None:
    """The entry point: runs the command and turns errors into messages and exit codes."""
    colour = False if "NO_COLOR" in os.environ else None
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(number, _ended)
    try:
        result = cli.main(standalone_mode=False, color=colour)
        code = result if isinstance(result, int) else 0
    except Failure as failure:
        failure.show()
        code = failure.code
    except StateError as error:
        Failure.of("the state folder or its service cannot be used", error, EXIT_UNAVAILABLE).show()
        code = EXIT_UNAVAILABLE
    except EngineError as error:
        Failure.of("this did not work", error, EXIT_FAILURE).show()
        code = EXIT_FAILURE
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("amlbridge: stopped", err=True)
        code = 130
    except BrokenPipeError:
        # Whoever read our output is gone (`amlbridge status | head`): nothing to say, nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    gc.freeze()  # the process ends: Python need not look once more for garbage in all that is there
    sys.exit(code)


if __name__ == "__main__":
    main()
