"""`amlbridge map`: which URLs are files of this machine."""

from __future__ import annotations

from pathlib import Path

import click

from amlbridge.cli.output import EXIT_USAGE, Failure, print_json, table
from amlbridge.server import home as homes
from amlbridge.server.url_map import UrlMap


@click.group("map")
def map_command() -> None:
    """Map URLs of the web to files and folders of this machine.

    A script under `run` or `exec` that reads a mapped URL gets the file; nothing leaves the machine. A folder stands
    for every URL below the one that it is mapped to. Changes hold at once, also for a script that runs.

    \b
    Examples:
      amlbridge map add https://example.blob.core.windows.net/demo/Titanic.csv data/titanic.csv
      amlbridge map add https://example.blob.core.windows.net/images ./images
      amlbridge map list
    """


@map_command.command("add")
@click.argument("url")
@click.argument("path", type=click.Path(path_type=Path))
def add_command(url: str, path: Path) -> int:
    """Map URL to PATH, a file or a folder, or map it anew."""
    found = homes.find()
    found.create()
    try:
        UrlMap(found.url_map).add(url, path)
    except ValueError as error:
        do = "give a URL like https://HOST/PATH and the path of a file or folder that is there"
        raise Failure(f"cannot map {url}", why=str(error), do=do, code=EXIT_USAGE) from error
    click.echo(f"{url} -> {path.resolve()}")
    return 0


@map_command.command("remove")
@click.argument("url")
def remove_command(url: str) -> int:
    """Forget what URL is mapped to; the file stays."""
    found = homes.find()
    try:
        removed = found.is_ours() and UrlMap(found.url_map).remove(url)
    except ValueError as error:
        raise Failure(f"cannot remove {url}", why=str(error), do="see `amlbridge map list`", code=EXIT_USAGE) from error
    if not removed:
        raise Failure(f"{url} is not mapped", do="see `amlbridge map list`", code=1)
    click.echo(f"{url} is not mapped any more")
    return 0


@map_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(as_json: bool) -> int:
    """Show what is mapped."""
    urls = UrlMap(homes.find().url_map).urls()
    if as_json:
        print_json(urls)
    elif urls:
        states = {path: "" if Path(path).exists() else "MISSING" for path in urls.values()}
        table(("URL", "", "path"), [(url, states[path], path) for url, path in urls.items()])
    else:
        click.echo("no URL is mapped; `amlbridge map add URL PATH` maps one")
    return 0
