"""`amlbridge doctor`."""

from __future__ import annotations

from dataclasses import asdict

import click

from amlbridge.cli.output import print_json, table
from amlbridge.engine.errors import StateError
from amlbridge.server import home as homes


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor_command(as_json: bool) -> int:
    """Check this machine, the packages, the state folder and the service, and say what to do about each problem.

    Changes nothing. Exit code 1 when there is a problem; a warning is none.

    \b
    Example:
      amlbridge doctor
    """
    from amlbridge.cli import checks

    try:
        home = homes.find()
    except StateError as error:
        findings = checks.without_home(error)
    else:
        findings = checks.run_all(home)
    problems = sum(finding.state == "PROBLEM" for finding in findings)
    if as_json:
        print_json({"problems": problems, "findings": [asdict(finding) for finding in findings]})
    else:
        table(("check", "", "found"), [(item.check, item.state, item.detail) for item in findings])
        for item in findings:
            if item.do:
                click.echo(f"\n{item.check}: {item.detail}\n  do: {item.do}")
        click.echo(f"\n{problems} problem{'' if problems == 1 else 's'}")
    return 1 if problems else 0
