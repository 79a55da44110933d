"""A component's command line: what becomes a script with arguments, and what stays with the shell."""

from __future__ import annotations

import shlex
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine import command_line
from amlbridge.engine.plan import Argument, Command, InputRef, OptionalGroup, OutputRef, Value
from amlbridge.v2.jobs import commands
from amlbridge.wire.errors import ServiceError


def lower(text: str, **more: object) -> Command:
    given = {
        "inputs": ["a", "b", "g.x"],
        "absent": ["gone"],
        "outputs": ["o"],
        "literals": {"a": "1", "g.x": "2"},
        "scripts": ["train.py", "src/prep.py"],
        **more,
    }
    return commands.lower(text, "jobs.n.command", **given)  # type: ignore[arg-type]


def filled(command: Command, inputs: dict[str, str]) -> list[str]:
    return command_line.arguments(command, {}, inputs, {"o": "/out put"}, {"a", "g.x"})


def test_a_python_script_is_a_script_with_arguments() -> None:
    found = lower(
        "python train.py --a ${{inputs.a}} --in=${{inputs.b}}/x.csv --o '${{outputs.o}}' \\\n  --g ${{inputs.g.x}}\n"
    )
    assert found == Command(
        (
            Argument((Value("--a"),)),
            Argument((InputRef("a"),)),
            Argument((Value("--in="), InputRef("b"), Value("/x.csv"))),
            Argument((Value("--o"),)),
            Argument((OutputRef("o"),)),
            Argument((Value("--g"),)),
            Argument((InputRef("g.x"),)),
        ),
        script="train.py",
    )


def test_optional_arguments_appear_with_their_input_only() -> None:
    found = lower("python -u src/prep.py $[[--a ${{inputs.a}}]] $[[--gone ${{inputs.gone}}]] --z")
    assert found.script == "src/prep.py"
    assert found.arguments == (
        OptionalGroup("a", (Argument((Value("--a"),)), Argument((InputRef("a"),)))),
        Argument((Value("--z"),)),
    )
    assert filled(found, {"a": "1"}) == ["--a", "1", "--z"]
    assert filled(found, {}) == ["--z"]


@pytest.mark.parametrize(
    "text",
    [
        "python train.py > log.txt",
        "python train.py && echo done",
        "python train.py --x $HOME",
        "python train.py --x *.csv",
        "pip install x && python train.py",
        "python -m train",
        "python other.py",
        "Rscript train.R",
        "python train.py --x a\nls",
        'python train.py --x "$HOME"',
        "python train.py --x ${{inputs.a}}$[[--y ${{inputs.a}}]]",
    ],
)
def test_what_needs_a_shell_stays_with_the_shell(text: str) -> None:
    found = lower(text)
    assert found.shell and found.script is None


def test_a_literal_of_several_words_is_split_as_a_shell_would() -> None:
    found = lower("python train.py ${{inputs.a}}", literals={"a": "--x 1 --y 2", "g.x": "2"})
    assert found.shell
    assert filled(found, {"a": "--x 1 --y 2"}) == ["python train.py --x 1 --y 2"]


def test_a_shell_line_drops_and_quotes() -> None:
    found = lower("ls ${{inputs.b}} | tee ${{outputs.o}}/x $[[--gone ${{inputs.gone}}]]; echo ${{inputs.a}}")
    (line,) = filled(found, {"a": "1 2", "b": "/in put"})
    assert line == "ls '/in put' | tee '/out put'/x ; echo 1 2"


@pytest.mark.parametrize("text", ["python train.py ${{inputs.nope}}", "echo ${{outputs.b}}", "echo ${{whatever}}"])
def test_a_reference_to_nothing_is_refused(text: str) -> None:
    with pytest.raises(ServiceError, match=r"jobs\.n\.command: \$\{\{") as caught:
        lower(text)
    assert caught.value.status == 400


_WORDS = st.lists(st.text(string.ascii_letters + string.digits + "-_=./,: '\"", min_size=1, max_size=12), max_size=6)


@given(_WORDS)
def test_arguments_are_those_that_a_shell_would_pass(words: list[str]) -> None:
    line = "python train.py " + shlex.join(words)
    found = lower(line)
    if found.script is not None:
        assert filled(found, {}) == words
    else:
        assert filled(found, {}) == [line]


@given(st.text(string.ascii_letters + " '\"\\$|;&\n*{}[]()<>~#", max_size=30))
def test_any_text_is_a_script_only_if_a_shell_would_take_it_so(text: str) -> None:
    line = "python train.py " + text
    try:
        found = lower(line)
    except ServiceError:
        return
    if found.script is not None:
        assert filled(found, {}) == shlex.split(text.replace("\\\n", ""))
