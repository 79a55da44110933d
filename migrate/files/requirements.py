"""Lists of packages: requirements files, conda files, setup.cfg, pyproject.toml, Pipfile.

A line that names a package of SDK v1 becomes a line for each package that takes its place; what the file names already
is not named again. Everything else keeps its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from amlbridge.migrate.files import packages
from amlbridge.migrate.files.lines import Lines
from amlbridge.migrate.findings import Status

RULE = "dependencies"
_HASHED = "its hashes cannot be made offline: replace it by {} and lock again"
#: ``- azureml-core==1.39  # why`` (conda), the same without the dash (requirements, setup.cfg).
_ALONE = re.compile(
    r"^(?P<lead>\s*(?:-\s+)?(?P<quote>[\"']?))"
    + packages.REQUIREMENT.pattern.replace(r"(?<![\w./@=:-])", "")
    + r"(?P<marker>\s*;[^#\n]*?)?(?P=quote)(?P<comma>\s*,)?(?P<rest>\s*(?:#.*)?)$",
    re.IGNORECASE,
)
#: ``azureml-core = "^1.39"`` of poetry and Pipfile.
_KEY = re.compile(r"^(?P<lead>\s*(?P<quote>[\"']?))(?P<name>azureml[-_.][\w.-]+)(?P=quote)\s*=\s*(?P<value>[\"'{].*)$")
_QUOTED = re.compile(
    r"(?P<quote>[\"'])(?P<text>azureml[-_.][^\"'\n]*|azure-cli-ml[^\"'\n]*)(?P=quote)(?P<comma>\s*,\s*)?"
)


_KEPT = "kept beside what takes its place: files stay SDK v1 that need it; drop it when they are converted"


def convert(lines: Lines, commands: Collection[int] = (), kept: Collection[str] = ()) -> None:
    """Converts each line that lists a package; ``commands`` are lines of something else. ``kept``: packages of SDK v1
    that stay in the list, above which those of SDK v2 come."""
    for index, line in enumerate(lines.original):
        if index in commands:
            continue
        if "azureml" not in line.lower() and "azure-cli-ml" not in line:
            continue
        if line.lstrip().startswith("#") or lines.lines[index] != line:
            continue
        for convert_line in (_alone, _key, _quoted):
            if convert_line(lines, index, line, kept):
                break


def _alone(lines: Lines, index: int, line: str, kept: Collection[str]) -> bool:
    match = _ALONE.match(line.removesuffix("\\").rstrip() if line.endswith("\\") else line)
    if match is None:
        return False
    quote = match["quote"]

    def written(package: str, last: bool) -> str:
        text = f"{match['lead']}{packages.with_bound(package)}{match['marker'] or ''}{quote}"
        # The comma of a list's last item is the author's matter; between items there has to be one.
        comma = match["comma"] or ("," if quote and not last and not match["lead"].lstrip().startswith("-") else "")
        return text + comma

    return _replace(lines, index, match["name"], match.start("name"), written, match["rest"], line.endswith("\\"), kept)


def _key(lines: Lines, index: int, line: str, kept: Collection[str]) -> bool:
    match = _KEY.match(line)
    if match is None:
        return False

    def written(package: str, last: bool) -> str:
        bound = packages.LOWER_BOUNDS.get(package)
        return f'{match["lead"]}{package}{match["quote"]} = "{">=" + bound if bound else "*"}"'

    return _replace(lines, index, match["name"], match.start("name"), written, "", False, kept)


def _replace(
    lines: Lines,
    index: int,
    name: str,
    column: int,
    written: Callable[[str, bool], str],
    rest: str,
    hashed: bool,
    kept: Collection[str],
) -> bool:
    """Replaces a line that is one package; False when it is none of SDK v1."""
    found = packages.replacement(name, lines.imported, lines.by_code)
    if found is None:
        return True
    symbol = packages.canonical(name)
    if lines.ignored(index, RULE):
        lines.find(RULE, symbol, Status.IGNORED, index, column, "left as it is, as you said")
        return True
    if found.is_left:
        lines.find(RULE, symbol, found.status, index, column, found.message)
        return True
    if hashed or "--hash" in lines.original[index]:
        message = _HASHED.format(", ".join(found.packages) or "nothing")
        lines.comment_above(index, RULE, message)
        lines.find(RULE, symbol, Status.MANUAL, index, column, message)
        return True
    new = packages.missing(found.packages, _text_so_far(lines))
    if symbol in kept:
        lines.lines[index] = "\n".join([*(written(package, False) for package in new), lines.original[index]])
        lines.find(RULE, symbol, Status.REVIEW, index, column, _KEPT)
        return True
    items = [written(package, package == new[-1]) for package in new]
    if items and rest:
        items[0] += rest
    lines.lines[index] = "\n".join(items) if items else None
    lines.find(RULE, symbol, found.status, index, column, _told(found, new))
    return True


def _told(found: packages.Replacement, new: tuple[str, ...]) -> str:
    if found.packages and not new:
        return f"removed: what takes its place is there already ({', '.join(found.packages)})"
    return found.message


def _quoted(lines: Lines, index: int, line: str, kept: Collection[str]) -> bool:
    """Requirements in quotes somewhere in a line: ``install_requires=["azureml-core", "pandas"]``."""
    done = False

    def changed(match: re.Match[str]) -> str:
        nonlocal done
        requirement = packages.REQUIREMENT.match(match["text"])
        if requirement is None:
            return match[0]
        name = packages.canonical(requirement["name"])
        found = packages.replacement(name, lines.imported, lines.by_code)
        if found is None:
            return match[0]
        done = True
        if lines.ignored(index, RULE):
            lines.find(RULE, name, Status.IGNORED, index, match.start("text"), "left as it is, as you said")
            return match[0]
        if found.is_left:
            lines.find(RULE, name, found.status, index, match.start("text"), found.message)
            return match[0]
        new = packages.missing(found.packages, _text_so_far(lines) + "".join(taken))
        taken.extend(f" {package} " for package in new)
        if name in kept:
            lines.find(RULE, name, Status.REVIEW, index, match.start("text"), _KEPT)
            return "".join(f"{match['quote']}{packages.with_bound(item)}{match['quote']}, " for item in new) + match[0]
        lines.find(RULE, name, found.status, index, match.start("text"), _told(found, new))
        marker = match["text"][requirement.end() :]
        quoted = (f"{match['quote']}{packages.with_bound(item)}{marker}{match['quote']}" for item in new)
        comma = match["comma"] or ""
        return ", ".join(quoted) + comma if new else ""

    taken: list[str] = []
    lines.lines[index] = _QUOTED.sub(changed, line)
    if not done:
        lines.lines[index] = line
    return done


def _text_so_far(lines: Lines) -> str:
    """What the file names once the lines above are converted. A comment names nothing."""
    named = "\n".join(line for line in lines.lines if line).split("\n")
    return "\n".join(line.partition(" #")[0] for line in named if not line.lstrip().startswith("#"))
