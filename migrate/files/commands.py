"""Commands in shell scripts, Dockerfiles, Makefiles and CI files that install packages of SDK v1 or call its command
line (the extension ``azure-cli-ml``).

A command is found by its words wherever it stands in a line; a line that ends with a backslash goes on in the next.
Only the words that change are touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from amlbridge.migrate.files import az_ml, packages
from amlbridge.migrate.files.az_ml_jobs import Context
from amlbridge.migrate.files.lines import Lines
from amlbridge.migrate.findings import Status

INSTALL_RULE = "install-commands"
CLI_RULE = "az-ml-v1"
_INSTALL = re.compile(
    r"\b(?:pip3?(?:\.\d+)?|conda|mamba|micromamba|uv|poetry|pipenv)\s+(?:pip\s+)?(?:install|add|env\s+update)\b"
)
_AZ = re.compile(r"\baz\s+(?:ml|extension)\b")
#: What ends a command in a line of a shell.
_END = re.compile(r"&&|\|\||[;|)`]|\s#|\s>|\\?\"\s*\]|$")
_WORD = re.compile(r"""(?P<quote>\\?["']?)(?P<word>[^\s"'\\]+)(?P=quote)""")
_V1_EXTENSION = "azure-cli-ml"


@dataclass
class _Logical:
    """A line of the shell: physical lines joined by backslashes. ``starts[i]``: offset of line ``first + i``."""

    first: int
    text: str
    starts: list[int]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, from 0."""
        number = max(index for index, start in enumerate(self.starts) if start <= offset)
        return self.first + number, offset - self.starts[number]


def convert(lines: Lines, roots: Sequence[Path] = (), path: Path | None = None) -> None:
    """Converts all commands of a text. ``roots``: the folders of the run, in which files that they name are looked
    for; ``path``: the file."""
    v1_cli = _V1_EXTENSION in lines.text
    context = Context(roots, nested=path is None or not _is_other_shell(path))
    for logical in _logical_lines(lines.original):
        if logical.text.lstrip().startswith("#"):
            continue
        changes = [*_installs(lines, logical), *_az_calls(lines, logical, context, v1_cli=v1_cli)]
        text = logical.text
        for start, end, new in sorted(changes, reverse=True):
            text = text[:start] + new + text[end:]
        if text != logical.text:
            _store(lines, logical, text)


def _is_other_shell(path: Path) -> bool:
    """Whether ``$(...)`` in a file is no command of a shell: Makefiles, and batch files of Windows."""
    return path.suffix.lower() in (".mk", ".bat", ".cmd") or "makefile" in path.name.lower()


def install_lines(lines: Lines) -> frozenset[int]:
    """The lines (from 0) of commands that install something: what stands in them is no list of packages."""
    return frozenset(
        logical.first + number
        for logical in _logical_lines(lines.original)
        if _INSTALL.search(logical.text) and not logical.text.lstrip().startswith("#")
        for number in range(len(logical.starts))
    )


def _store(lines: Lines, logical: _Logical, text: str) -> None:
    lines.lines[logical.first] = text or None
    for number in range(1, len(logical.starts)):
        lines.lines[logical.first + number] = None


def _logical_lines(lines: list[str]) -> Iterator[_Logical]:
    index = 0
    while index < len(lines):
        first, parts = index, [lines[index]]
        while index + 1 < len(lines) and _goes_on(parts, lines[index + 1]):
            index += 1
            parts.append(lines[index])
        index += 1
        starts, offset = [], 0
        for part in parts:
            starts.append(offset)
            offset += len(part) + 1
        yield _Logical(first, "\n".join(parts), starts)


#: A call as the plain text of a key in YAML, which goes on in lines that are indented more than the key.
_PLAIN = re.compile(r"^(?P<indent>\s*(?:-\s+)?)[\w.-]+:\s+az\s")


def _goes_on(parts: list[str], following: str) -> bool:
    if parts[-1].rstrip().endswith("\\"):
        return True
    plain, text = _PLAIN.match(parts[0]), following.lstrip()
    return plain is not None and text.startswith("-") and len(following) - len(text) > len(plain["indent"])


# -- installs --------------------------------------------------------------------------------------------------------


def _installs(lines: Lines, logical: _Logical) -> Iterator[tuple[int, int, str]]:
    for match in _INSTALL.finditer(logical.text):
        end = _command_end(logical.text, match.end())
        command = logical.text[match.end() : end]
        there: list[str] = []
        changes: list[tuple[int, int, str]] = []
        for word in _WORD.finditer(command):
            requirement = packages.REQUIREMENT.match(word["word"])
            found = packages.replacement(requirement["name"], by_code=lines.by_code) if requirement else None
            if requirement is None or found is None:
                continue
            index, column = logical.place(match.end() + word.start("word"))
            name = packages.canonical(requirement["name"])
            if lines.ignored(index, INSTALL_RULE):
                lines.find(INSTALL_RULE, name, Status.IGNORED, index, column, "left as it is, as you said")
                continue
            lines.find(INSTALL_RULE, name, found.status, index, column, found.message)
            if found.is_left:
                continue
            new = packages.missing(found.packages, command + " " + " ".join(there))
            there += new
            # A bound holds "<" or ">", which a shell would take for a redirection: such words stand in quotes.
            quote = word["quote"] or ("'" if _quote_around(lines, logical, match.start()) == '"' else '"')
            quoted = " ".join(f"{quote}{packages.with_bound(item)}{quote}" for item in new)
            start, stop = match.end() + word.start(), match.end() + word.end()
            if not new:
                start = _BEFORE.search(logical.text, 0, start).start()  # type: ignore[union-attr]
            changes.append((start, stop, quoted))
        yield from changes if _installs_something(command, match.end(), changes) else [_gone(logical.text, match, end)]


def _installs_something(command: str, at: int, changes: list[tuple[int, int, str]]) -> bool:
    """Whether a command that starts ``at`` still names something to install once its words are changed."""
    for start, stop, new in sorted(changes, reverse=True):
        command = command[: start - at] + new + command[stop - at :]
    return not changes or bool(_FILE_OPTION.search(command) or _PACKAGE.search(_VALUED.sub(" ", command)))


#: What goes with a word in front of it: where it is the last one, no backslash may say that the command goes on.
_BEFORE = re.compile(r"(?:[ \t]*\\\r?\n)?[ \t]*\Z")
#: Options that name what is installed, options with a value, and a word that is none of either.
_FILE_OPTION = re.compile(r"\s(?:-r|-e|--requirement|--editable|--file)\b")
_VALUED = re.compile(
    r"\s(?:-[cfintp]|--(?:(?:extra-)?index-url|find-links|target|constraint|trusted-host|channel|name|prefix))[\s=]+\S+"
)
_PACKAGE = re.compile(r"(?:^|\s)[^\s\\-]")
_STARTED_BY = re.compile(r"(?:\bsudo\s+)?(?:[^\s!%]*python[\d.]*\s+-m\s+)?$")


def _gone(text: str, match: re.Match[str], end: int) -> tuple[int, int, str]:
    """The change for a command of which nothing is left: its line goes, or something stands there that does nothing."""
    started = _STARTED_BY.search(text, 0, match.start())
    start = started.start() if started is not None else match.start()
    alone = re.fullmatch(r"(\s*)([!%]?)", text[:start])
    if alone is None or text[end:].strip():
        return start, end, "true" + (" " if text[end - 1].isspace() else "")
    return 0, len(text), f"{alone[1]}pass" if alone[1] and alone[2] else ""


def _command_end(text: str, start: int) -> int:
    """Where the command that starts before ``start`` ends: quotes are not looked into for separators."""
    position, quote = start, ""
    while position < len(text):
        character = text[position]
        if quote:
            quote = "" if character == quote else quote
        elif text.startswith("$(", position) and (closing := text.find(")", position)) > 0:
            position = closing  # what a variable of Azure Pipelines, or another command, gives is a part of a word
        elif character in "\"'" and text[position - 1] != "\\":
            closing = text.find(character, position + 1)
            word = text[position + 1 : closing] if closing > 0 else ""
            if closing < 0 or " " in word:
                return position
            quote = character
        elif _END.match(text, position) and character not in "<>":
            return position
        position += 1
    return len(text)


# -- az --------------------------------------------------------------------------------------------------------------


def _az_calls(lines: Lines, logical: _Logical, context: Context, *, v1_cli: bool) -> Iterator[tuple[int, int, str]]:
    for match in _AZ.finditer(logical.text):
        end = _command_end(logical.text, match.end())
        while end < len(logical.text) and logical.text[end] in "\"'" and _inside(logical.text, match.start(), end):
            end = _after_quoted(logical.text, end)
        call = logical.text[match.start() : end]
        found = az_ml.convert(call, v1_cli=v1_cli, context=context, quote=_open_quote(logical.text[: match.start()]))
        if found is None:
            continue
        index, column = logical.place(match.start())
        if lines.ignored(index, CLI_RULE):
            lines.find(CLI_RULE, found.symbol, Status.IGNORED, index, column, "left as it is, as you said")
            continue
        lines.find(CLI_RULE, found.symbol, found.status, index, column, found.message)
        if found.status is Status.MANUAL:
            lines.comment_above(_commentable(lines, logical.first), CLI_RULE, found.message)
        elif found.text is not None:
            yield match.start(), match.start() + len(call.rstrip()), found.text


def _quote_around(lines: Lines, logical: _Logical, offset: int) -> str:
    """The quote of the text that a command is in: one of its line, or of lines above (``bash -c "``); "" for none."""
    line = logical.text[:offset]
    above = (text for text in lines.original[: logical.first] if not text.lstrip().startswith("#"))
    return _open_quote(line) or _open_quote("\n".join([*above, line]))


def _open_quote(text: str) -> str:
    """The quote that a text leaves open, or ""."""
    quote = ""
    for position, character in enumerate(text):
        if text[position - 1 : position] == "\\":
            continue
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'" and not text[position - 1 : position].isalpha():
            quote = character
    return quote


def _inside(text: str, start: int, end: int) -> bool:
    """Whether the quote at ``end`` opens an argument of the command rather than closing one around it."""
    return text[start:end].endswith((" ", "=", "\n"))


def _after_quoted(text: str, start: int) -> int:
    closing = text.find(text[start], start + 1)
    return len(text) if closing < 0 else _command_end(text, closing + 1)


_FOLDED = re.compile(r"^(?P<indent>\s*)(?:-\s+)?[\w.-]+\s*:\s*>[+-]?\d*\s*$")


def _commentable(lines: Lines, index: int) -> int:
    """Where a comment may stand above a line: in a folded text of YAML (``>``) it would swallow what follows, so that
    it goes above its key."""
    indent = len(lines.original[index]) - len(lines.original[index].lstrip())
    for before in range(index - 1, -1, -1):
        line = lines.original[before]
        if not line.strip():
            continue
        own = len(line) - len(line.lstrip())
        if own < indent:
            return before if _FOLDED.match(line) else index
    return index
