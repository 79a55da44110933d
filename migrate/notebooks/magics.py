"""Lines of notebooks that are no Python: masked by lines that are, and put back afterwards."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Mapping
from itertools import takewhile

from amlbridge.migrate.module import MAGIC_MARK
from amlbridge.migrate.notebooks.run_magics import import_of

#: Commands that IPython takes for the magics of their names.
_COMMANDS = r"(?:pip|conda|mamba)\s+(?:install|uninstall|list|show|freeze|update)\b"
# `%magic`, `!command`, `?name`; `name = %magic`, `name = !command`; `name?`; `pip install name`.
_MAGIC = re.compile(
    r"^\s*(?:[%!?]|(?P<target>[A-Za-z_][\w.,\s\[\]'\"]*?)\s*=\s*[%!]|[A-Za-z_%][\w.*]*\?{1,2}\s*$|" + _COMMANDS + ")"
)
#: Cell magics whose cell is Python all the same.
_PYTHON_CELLS = frozenset(
    ["time", "timeit", "capture", "prun", "local", "python", "python3", "py", "memit", "mprun", "wandb"]
)
#: Magics that take no code and no names of variables, but texts in which ``{expression}`` and ``$name`` are filled in.
_TEXTS = frozenset(
    {"pip", "conda", "run", "cd", "env", "set_env", "writefile", "file", "bash", "sh", "sx", "system", "script"}
    | {"load_ext", "reload_ext", "matplotlib", "html", "markdown", "latex", "javascript", "js", "load", "ls", "mkdir"}
)
#: Line magics that run the statement behind them, with their options.
_TIMED = re.compile(r"^\s*(?P<magic>%(?:time|timeit|prun|memit)(?:\s+-\w+(?:\s+\d+)?)*\s+)(?P<code>[^\s%!?].*)$")
_FILLED = re.compile(r"\{([^{}]*)\}|\$\{?([A-Za-z_]\w*)")
_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_SHELL = re.compile(r"^\s*(?:!|%pip\b|%conda\b|" + _COMMANDS + r").*[^\\\s]\s*$")
_MARK = re.compile(rf"{re.escape(MAGIC_MARK)}(\d+)$", re.MULTILINE)


class Masks:
    """The lines that were masked, in order; a line is known by its number here."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._masks: list[str] = []
        #: The numbers of those that run a statement, which stands in their place.
        self._timed: set[int] = set()
        #: The names that the masked lines may read, and those that they ask for help about.
        self.names: set[str] = set()
        self.shown: set[str] = set()
        #: The names that each of the masked lines may read, by its number; -1: all ``%%magic`` lines.
        self.names_of: dict[int, frozenset[str]] = {}

    def hide(self, line: str, *, comment: bool = False) -> str:
        """A line that stands for ``line``, and is Python."""
        mark = f"{MAGIC_MARK}{len(self._lines)}"
        indent = line[: len(line) - len(line.lstrip())]
        target = None if comment else _MAGIC.match(line)
        if comment:
            mask = f"{indent}{mark}"
        elif target is not None and target["target"]:
            mask = f"{indent}{target['target'].strip()} = None  {mark}"
        else:
            mask = f"{(not indent and import_of(line)) or f'{indent}pass'}  {mark}"
        timed = None if comment else _timed(line)
        if timed is not None:
            mask = f"{indent}{timed[1]}  {mark}"
            self._timed.add(len(self._lines))
        self._lines.append(line)
        self._masks.append(mask)
        if timed is not None:
            return mask
        if comment or not (shown := _names_shown(line)):
            read = frozenset(names_read(line, goes_on=comment))
            self.names |= read
            number = -1 if line.startswith("%%") else len(self._lines) - 1
            self.names_of[number] = self.names_of.get(number, frozenset()) | read
        else:
            self.shown |= shown
        return mask

    def shell_lines(self, code: str) -> list[tuple[int, int, str]]:
        """The masked lines of ``code`` that are whole commands of a shell or of pip: the number in ``code`` (from 1),
        the number here, the line."""
        found = []
        for number, line in enumerate(code.split("\n"), 1):
            mark = _MARK.search(line)
            if mark is not None and _SHELL.match(self._lines[int(mark[1])]):
                found.append((number, int(mark[1]), self._lines[int(mark[1])]))
        return found

    def restored(self, code: str, before: str, changed: Mapping[int, str] | None = None) -> str:
        """``code`` with the masked lines back in it; ``changed``: others in place of some of them, by number.
        Raises ValueError when those of ``before`` are not all there, as they were and in their order."""
        marks = [[mark for mark in _MARK.findall(text) if int(mark) not in self._timed] for text in (code, before)]
        if marks[0] != marks[1]:
            raise ValueError("the conversion has moved or lost a magic of the notebook")
        lines = self._timed_again(code.split("\n"))
        for number, line in enumerate(lines):
            mark = _MARK.search(line)
            if mark is not None:
                index = int(mark[1])
                if line.strip() != self._masks[index].strip():
                    raise ValueError("the conversion has changed a magic of the notebook")
                indent = line[: len(line) - len(line.lstrip())]
                whole = (changed or {}).get(index, self._lines[index])
                parts = [indent + part.lstrip() for part in whole.split("\n")]
                lines[number] = "\n".join(_without_known_comments(parts, lines[:number]))
        return "\n".join(lines)

    def _timed_again(self, lines: list[str]) -> list[str]:
        """The lines with the magics that run a statement in front of what has become of it, which is in one line then.
        Where several statements have taken its place, the last one is it."""
        found: list[str] = []
        for line in lines:
            mark = _MARK.search(line)
            if mark is None or int(mark[1]) not in self._timed:
                found.append(line)
                continue
            index, code = int(mark[1]), line[: mark.start()].rstrip()
            if line.strip() == self._masks[index].strip():
                found.append(line[: len(line) - len(line.lstrip())] + self._lines[index].lstrip())
                continue
            start = len(found)
            while code.strip() and _syntax_error(textwrap.dedent(code)) is not None and start > 0:
                start -= 1
                code = f"{found[start]}\n{code}"
            del found[start:]
            if code.strip():  # else the statement is gone, and the mark is left above what follows
                indent = code[: len(code) - len(code.lstrip())]
                statement = code.strip() if "\n" not in code else ast.unparse(ast.parse(textwrap.dedent(code)))
                timed = _timed(self._lines[index])
                assert timed is not None
                found.append(f"{indent}{timed[0]}{statement}")
        return found


def _timed(line: str) -> tuple[str, str] | None:
    """The magic and the statement of ``%time run.wait_for_completion()``; None where there is no statement of Python
    that is whole in the line."""
    match = _TIMED.match(line)
    if match is None or _syntax_error(match["code"]) is not None or len(ast.parse(match["code"]).body) != 1:
        return None
    return match["magic"], match["code"].rstrip()


def _names_shown(line: str) -> set[str]:
    """The names of ``?model`` and ``model.fit??``; none of other lines."""
    text = line.strip()
    return set(_WORD.findall(text)) if "?" in (text[:1], text[-1:]) and text[:1] not in ("%", "!") else set()


def names_read(line: str, *, goes_on: bool = False) -> set[str]:
    """The names that a line which is no Python may read: ``model`` of ``%time model.fit()``, ``path`` of
    ``!ls {path}``. ``goes_on``: whether it goes on what another line has started."""
    magic = _MAGIC.match(line)
    start = magic.end("target") if magic is not None and magic["target"] else 0
    text = line[start:].lstrip(" \t=")
    kind = re.match(r"%{1,2}(\w+)", text)
    if not goes_on and kind and kind[1] not in _TEXTS:
        return set(_WORD.findall(text[kind.end() :]))
    return {name for part in _FILLED.findall(text) for name in _WORD.findall(" ".join(part))}


def _without_known_comments(parts: list[str], above: list[str]) -> list[str]:
    """The lines of a command without comments that an earlier run has put above it."""
    known = set(takewhile(lambda line: line.lstrip().startswith("#"), reversed(above)))
    return [part for part in parts[:-1] if part not in known] + parts[-1:]


def masked_cell(text: str, masks: Masks) -> tuple[str, tuple[int, str] | None]:
    """A cell as Python, line for line. With the line and the reason when it is none even without magics; it is then
    masked as a whole."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    lines = text.split("\n")
    hidden: set[int] = set()
    if first.startswith("%%"):
        if first[2:].split(maxsplit=1)[:1] and first[2:].split()[0] in _PYTHON_CELLS:
            hidden.add(lines.index(first))
        else:
            return _hide_all(lines, masks), None
    error = _find_magics(lines, hidden)
    if error is not None:
        masks.names.update(_WORD.findall(text))
        return _hide_all(lines, masks), error
    continued = _continuations(lines, hidden)
    shown = [
        masks.hide(line, comment=number in continued) if number in hidden or number in continued else line
        for number, line in enumerate(lines)
    ]
    return "\n".join(shown), None


def _find_magics(lines: list[str], hidden: set[int]) -> tuple[int, str] | None:
    """Adds the numbers (from 0) of the lines that are magics to ``hidden``: those at which Python stops to read."""
    while True:
        continued = _continuations(lines, hidden)
        error = _syntax_error("\n".join(_shown(lines, hidden, continued)))
        if error is None:
            return None
        number = (error.lineno or 1) - 1
        if number < len(lines) and number not in hidden and _MAGIC.match(lines[number]):
            hidden.add(number)
            continue
        # The place of the error may lie behind the magic that causes it.
        rest = {index for index, line in enumerate(lines) if _MAGIC.match(line)} - hidden
        if not rest:
            return number + 1, f"this cell is no Python 3: {error.msg}"
        hidden |= rest


def _shown(lines: list[str], hidden: set[int], continued: set[int]) -> list[str]:
    scratch = Masks()
    return [
        scratch.hide(line, comment=number in continued) if number in hidden or number in continued else line
        for number, line in enumerate(lines)
    ]


def _continuations(lines: list[str], hidden: set[int]) -> set[int]:
    """The lines that go on a magic, which ends with a backslash."""
    found: set[int] = set()
    for number in sorted(hidden):
        while number + 1 < len(lines) and lines[number].rstrip().endswith("\\"):
            number += 1
            found.add(number)
    return found - hidden


def _syntax_error(code: str) -> SyntaxError | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(code)
        except SyntaxError as error:
            return error
        except (ValueError, RecursionError, MemoryError) as error:
            return SyntaxError(str(error) or type(error).__name__)
    return None


def _hide_all(lines: list[str], masks: Masks) -> str:
    return "\n".join(masks.hide(line, comment=True) if line.strip() else line for line in lines)
