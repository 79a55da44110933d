"""Dataclasses whose methods are made late behave as those of Python."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, field, fields, is_dataclass, replace

import pytest

from amlbridge.migrate.findings import BadInputError
from amlbridge.migrate.records import dataclass


@dataclass(frozen=True)
class Part:
    """A value."""

    name: str
    tags: list[str] = field(default_factory=list, compare=False)


@dataclass
class Whole:
    """An object that changes."""

    name: str
    size: int = 1

    def __post_init__(self) -> None:
        self.double = 2 * self.size


@dataclass(frozen=True)
class Longer(Part):
    """A value with more to it."""

    length: int = 0


class Plain(Whole):
    """A class that is no dataclass itself."""


@dataclass(eq=False)
class Itself:
    """Equal to itself only."""

    name: str


def test_values() -> None:
    part = Part("a")
    assert part == Part("a", ["tag"])
    assert part != Part("b")
    assert hash(part) == hash(Part("a"))
    assert repr(part) == "Part(name='a', tags=[])"
    assert part.tags is not Part("a").tags
    assert replace(part, name="c") == Part("c")
    with pytest.raises(FrozenInstanceError):
        part.name = "d"  # type: ignore[misc]


def test_objects() -> None:
    whole = Whole("a", size=3)
    assert whole.double == 6
    whole.size = 4
    assert whole == Whole("a", 4)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        Whole()  # type: ignore[call-arg]
    assert Itself("a") != Itself("a")


def test_subclasses() -> None:
    assert Longer("a", length=2) == Longer("a", length=2)
    assert [item.name for item in fields(Longer("a"))] == ["name", "tags", "length"]
    assert Plain("a").double == 2
    assert is_dataclass(Plain)


def test_of_another_process() -> None:
    """What comes out of a pickle is complete, though this process has made none of its kind."""
    code = (
        "import pickle, sys; from amlbridge.migrate.findings import BadInputError; "
        "finding = pickle.loads(bytes.fromhex(sys.argv[1])); "
        "sys.exit(finding != BadInputError('syntax-error', 'no Python', 2, 3).finding())"
    )
    sent = pickle.dumps(BadInputError("syntax-error", "no Python", 2, 3).finding())
    subprocess.run([sys.executable, "-c", code, sent.hex()], check=True)


def test_own_init_is_refused() -> None:
    with pytest.raises(TypeError, match="has its own __init__"):

        @dataclass
        class Own:
            name: str

            def __init__(self) -> None:
                self.name = "a"
