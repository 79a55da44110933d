"""A component's command line as a Plan's command.

A plain ``python script.py --a ${{inputs.a}}`` becomes a script with arguments, the same as a v1 step that does the
same; anything that needs a shell stays one line for ``bash -c``. ``$[[ … ]]`` appears only when the optional inputs in
it have values.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from amlbridge.engine.plan import Argument, Command, InputRef, OptionalGroup, OutputRef, Piece, Value
from amlbridge.v2.jobs import bindings
from amlbridge.v2.jobs.reading import invalid

_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
_CONTINUED = re.compile(r"\\\r?\n")
_PYTHON = re.compile(r"python3?(?:\.\d+)?")
#: Characters that a shell gives a meaning, outside of quotes.
_META = frozenset("|&;<>()$`*?#~!{}[]^\n\r\\'\"")
#: A literal of these characters is one word, in or outside of quotes.
_ONE_WORD = re.compile(r"[\w./:=,@%+\-]+", re.ASCII)
_MARK = "\0"


def lower(
    text: str,
    spot: str,
    *,
    inputs: Collection[str],
    absent: Collection[str],
    outputs: Collection[str],
    literals: Mapping[str, str],
    scripts: Collection[str],
    search_space: Collection[str] = (),
) -> Command:
    """The command. ``inputs`` are those that have a value, ``absent`` the optional ones without, ``literals`` the texts
    of those that are literals; ``scripts`` the files of the code. Raises a 400 for a reference to nothing."""
    names = _Names(spot, inputs, absent, outputs, search_space)
    script = _script(_groups(_CONTINUED.sub("", text).strip(), names), literals, scripts)
    if script is not None:
        return script
    return Command(tuple(_shell_argument(when, pieces) for when, pieces in _groups(text, names)), shell=True)


class _Names:
    def __init__(
        self,
        spot: str,
        inputs: Collection[str],
        absent: Collection[str],
        outputs: Collection[str],
        search_space: Collection[str],
    ) -> None:
        self._spot = spot
        self._known = {"inputs": inputs, "outputs": outputs, "search_space": search_space}
        self._absent = absent

    def piece(self, item: str | bindings.Reference) -> Piece | None:
        """The piece of a Plan; None for an optional input without a value."""
        if isinstance(item, str):
            return Value(item)
        name = item.name
        known = self._known.get(item.kind, ())
        if name not in known and name.endswith(".path"):
            name = name.removesuffix(".path")
        if name in known:
            return OutputRef(name) if item.kind == "outputs" else InputRef(name)
        if item.kind == "inputs" and name in self._absent:
            return None
        shown = item.name if item.kind == "macro" else f"{item.kind}.{item.name}"
        raise invalid(
            self._spot,
            f"${{{{{shown}}}}} names nothing that this component has (inputs: "
            f"{', '.join(sorted(self._known['inputs']))}; outputs: {', '.join(sorted(self._known['outputs']))})",
            "UnknownReference",
        )


#: A stretch of the line: the input that it depends on, if it is optional, and its pieces.
_Group = tuple[str | None, tuple[Piece, ...]]


def _groups(text: str, names: _Names) -> list[_Group]:
    found: list[_Group] = []
    end = 0
    for match in _OPTIONAL.finditer(text):
        _add(found, None, _plain(text[end : match.start()], names))
        inner = [names.piece(item) for item in bindings.split(match[1])]
        if None not in inner:
            pieces = tuple(item for item in inner if item is not None)
            when = next((item.name for item in pieces if isinstance(item, InputRef)), None)
            _add(found, when, pieces)
        end = match.end()
    _add(found, None, _plain(text[end:], names))
    return found


def _plain(text: str, names: _Names) -> tuple[Piece, ...]:
    # An optional input without a value, outside of brackets, is nothing.
    return tuple(names.piece(item) or Value("") for item in bindings.split(text))


def _add(found: list[_Group], when: str | None, pieces: tuple[Piece, ...]) -> None:
    if pieces:
        found.append((when, pieces))


def _shell_argument(when: str | None, pieces: tuple[Piece, ...]) -> Argument | OptionalGroup:
    return Argument(pieces) if when is None else OptionalGroup(when, (Argument(pieces),))


# -- a script ----------------------------------------------------------------------------------------------------------


def _script(groups: list[_Group], literals: Mapping[str, str], scripts: Collection[str]) -> Command | None:
    """The command as a script with arguments; None when only a shell can say what it does."""
    words: list[_Group] = []
    for index, (when, pieces) in enumerate(groups):
        split = _words(pieces, literals)
        if split is None or (index and not _apart(groups[index - 1][1], pieces)):
            return None
        words += [(when, word) for word in split]
    start = _script_at(words)
    if start is None:
        return None
    name = _text(words[start][1])
    if name is None or name.removeprefix("./") not in scripts:
        return None
    arguments: list[Argument | OptionalGroup] = []
    for when, word in words[start + 1 :]:
        last = arguments[-1] if arguments else None
        if when is None:
            arguments.append(Argument(word))
        elif isinstance(last, OptionalGroup) and last.when == when:
            arguments[-1] = OptionalGroup(when, (*last.arguments, Argument(word)))
        else:
            arguments.append(OptionalGroup(when, (Argument(word),)))
    return Command(tuple(arguments), script=name.removeprefix("./"))


def _apart(before: tuple[Piece, ...], after: tuple[Piece, ...]) -> bool:
    """Whether there is a space between two stretches of a line."""
    last, first = before[-1], after[0]
    ends = isinstance(last, Value) and str(last.value)[-1:].isspace()
    return ends or (isinstance(first, Value) and str(first.value)[:1].isspace())


def _script_at(words: list[_Group]) -> int | None:
    """Where the script stands: after the interpreter and its ``-u``."""
    if not words or words[0][0] is not None or _PYTHON.fullmatch(_text(words[0][1]) or "") is None:
        return None
    index = 2 if len(words) > 1 and _text(words[1][1]) == "-u" else 1
    return index if index < len(words) and words[index][0] is None else None


def _text(word: tuple[Piece, ...]) -> str | None:
    """A word without references, as text."""
    if all(isinstance(item, Value) for item in word):
        return "".join(str(item.value) for item in word if isinstance(item, Value))
    return None


def _words(pieces: tuple[Piece, ...], literals: Mapping[str, str]) -> list[tuple[Piece, ...]] | None:
    """The words of a stretch as a shell would take them apart; None when it has anything that needs a shell."""
    references: list[Piece] = []
    text = ""
    for item in pieces:
        if isinstance(item, Value):
            if _MARK in str(item.value):
                return None
            text += str(item.value)
            continue
        if isinstance(item, InputRef) and item.name in literals and not _ONE_WORD.fullmatch(literals[item.name]):
            return None
        references.append(item)
        text += _MARK
    split = _split(text.strip(" \t"))
    if split is None:
        return None
    remaining = iter(references)
    return [_pieces(word, remaining) for word in split]


def _pieces(word: str, references: Iterator[Piece]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    for index, part in enumerate(word.split(_MARK)):
        if index:
            found.append(next(references))
        if part:
            found.append(Value(part))
    return tuple(found) or (Value(""),)


def _split(text: str) -> list[str] | None:
    words: list[str] = []
    word: str | None = None
    quote = ""
    for character in text:
        if quote:
            if character == quote:
                quote = ""
            elif character in ("$", "`", "\\", "!") and quote == '"':
                return None
            else:
                word = (word or "") + character
        elif character in ("'", '"'):
            quote, word = character, word or ""
        elif character in " \t":
            if word is not None:
                words.append(word)
            word = None
        elif character in _META:
            return None
        else:
            word = (word or "") + character
    if quote:
        return None
    return words if word is None else [*words, word]
