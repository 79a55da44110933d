"""The command of a v1 step: structured arguments, and the references that stand in plain text.

Protocol facts: an argument is Literal, Parameter (a module parameter's value), Input or Output (a port's path). A
dataset is the literal ``DatasetConsumptionConfig:{input}``, an OutputFileDatasetConfig is
``DatasetOutputConfig:{output}``; a data reference that was put into a string is ``$AZUREML_DATAREFERENCE_{name}``, a
parameter ``$AML_PARAMETER_{name}``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from amlbridge.engine.plan import Argument, Command, InputRef, OutputRef, Piece, Value
from amlbridge.v1.graph_reading import Fields, malformed

STRUCTURED = "USE_STRUCTURED_ARGUMENTS"
Pieces = tuple[Piece, ...]

#: The forms in which the client writes a reference into a string, each followed by a name.
_REFERENCE = re.compile(
    r"(DatasetConsumptionConfig:|DatasetOutputConfig:|\$AZUREML_DATAREFERENCE_|\$AML_PARAMETER_)(\w+)"
)
#: Words that only a shell understands: they must stay as they are.
_OPERATORS = frozenset({"&&", "||", "|", ";", "&", "<", ">", ">>", "2>", "2>>", "2>&1", "&>", "(", ")", "{", "}", "!"})
_NEEDS_QUOTES = re.compile(r"[\s'\"`()]")
_LITERAL_DOLLAR = re.compile(r"\$(?![A-Za-z_{(])")


class Names:
    """What a step's arguments can refer to: its ports and its module parameters."""

    def __init__(
        self, inputs: Mapping[str, str], outputs: Collection[str], parameters: Mapping[str, Pieces], spot: str
    ) -> None:
        #: ``inputs`` maps each name that stands for an input (its own, its data reference's) to the input.
        self.inputs = inputs
        self.outputs = outputs
        self.parameters = parameters
        self.spot = spot

    def text(self, text: str) -> Pieces:
        """A literal with the references in it."""
        pieces: list[Piece] = []
        at = 0
        for match in _REFERENCE.finditer(text):
            found = self._reference(match.group(1), match.group(2))
            if found is None:
                continue
            name, target = found
            pieces += [Value(text[at : match.start()]), *target]
            at = match.start() + len(match.group(1)) + len(name)
        return merged([*pieces, Value(text[at:])]) or (Value(""),)

    def _reference(self, form: str, word: str) -> tuple[str, Pieces] | None:
        if form == "$AML_PARAMETER_":
            return self._longest(word, self.parameters)
        ports: dict[str, Pieces] = {name: (OutputRef(name),) for name in self.outputs}
        into: dict[str, Pieces] = {name: (InputRef(port),) for name, port in self.inputs.items()}
        return self._longest(word, ports if form == "DatasetOutputConfig:" else {**ports, **into})

    @staticmethod
    def _longest(word: str, known: Mapping[str, Pieces]) -> tuple[str, Pieces] | None:
        """The longest known name that ``word`` starts with: ``$AML_PARAMETER_x_suffix`` may mean ``x``."""
        for end in range(len(word), 0, -1):
            if word[:end] in known:
                return word[:end], known[word[:end]]
        return None

    def argument(self, item: Fields) -> Pieces:
        """One structured argument. Raises a 400 :class:`ServiceError` for one that names nothing."""
        kind = (item.label("ValueType") or "Literal").lower()
        value = item.text("Value") or ""
        if kind in ("literal", "0"):
            return self.text(value)
        if kind in ("parameter", "1"):
            if value not in self.parameters:
                raise malformed(item.at("Value"), f"names the parameter {value!r}, which {self.spot} does not have")
            return self.parameters[value]
        if kind in ("input", "2"):
            if value not in self.inputs:
                raise malformed(item.at("Value"), f"names the input {value!r}, which {self.spot} does not have")
            return (InputRef(self.inputs[value]),)
        if kind in ("output", "3"):
            if value not in self.outputs:
                raise malformed(item.at("Value"), f"names the output {value!r}, which {self.spot} does not have")
            return (OutputRef(value),)
        raise malformed(item.at("ValueType"), f"is {kind!r}: only Literal, Parameter, Input and Output can be read")


def merged(pieces: Iterable[Piece]) -> Pieces:
    """The pieces with neighbouring texts joined and empty ones left out."""
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Value):
            if piece.value in ("", None):
                continue
            last = found[-1] if found else None
            if isinstance(last, Value) and isinstance(last.value, str) and isinstance(piece.value, str):
                found[-1] = Value(last.value + piece.value)
                continue
        found.append(piece)
    return tuple(found)


def arguments(names: Names, interface: Fields, legacy: str | None) -> list[Pieces]:
    """The arguments of a step. ``legacy``: the module parameter Arguments, a comma-separated list unless it says that
    the structured ones count (ModuleStep sends it)."""
    if legacy and legacy != STRUCTURED:
        return [names.text(part) for part in legacy.split(",")]
    return [names.argument(item) for item in interface.objects("Arguments")]


def script_command(script: str, items: Iterable[Pieces]) -> Command:
    """A Python script of the snapshot with its arguments."""
    path = script.replace("\\", "/").removeprefix("./")
    return Command(arguments=tuple(Argument(pieces) for pieces in items), script=path)


def plain_command(items: Iterable[Pieces]) -> Command:
    """Arguments of a step that is not run as one command (AutoML, a sweep, a copy)."""
    return Command(arguments=tuple(Argument(pieces) for pieces in items))


def shell_command(command: Pieces, items: Iterable[Pieces]) -> Command:
    """A CommandStep's line for the shell.

    The client splits the user's line into words and thereby loses its quotes: a word that needed them gets double
    quotes again, inside which ``$NAME`` still means the variable. Operators (``&&``, ``>``…) stay what they are.
    """
    line: list[Piece] = []
    for word in (command, *items):
        if line:
            line.append(Value(" "))
        line += _quoted(word)
    return Command(arguments=(Argument(merged(line)),), shell=True)


def _quoted(word: Pieces) -> list[Piece]:
    literal = "".join(str(piece.value) for piece in word if isinstance(piece, Value))
    if literal in _OPERATORS or (word != (Value(""),) and not _NEEDS_QUOTES.search(literal)):
        return list(word)
    inner: list[Piece] = [Value(_escaped(str(piece.value))) if isinstance(piece, Value) else piece for piece in word]
    return [Value('"'), *inner, Value('"')]


def _escaped(text: str) -> str:
    escaped = re.sub(r'([\\"`])', r"\\\1", text)
    return _LITERAL_DOLLAR.sub(r"\\$", escaped)
