"""What a migration adds to commands is taken off before graphs are compared."""

from __future__ import annotations

from amlbridge.cli.trace_marks import without_marks
from amlbridge.engine.plan import Argument, Command, Input, InputRef, Node, NodePort, Output, OutputRef, Plan, Value

OUT = Output("store", "azureml/{run-id}/{output-name}")
IN = Input(NodePort("0", "o"))


def node(*pieces: object) -> Node:
    argument = Argument(tuple(Value(item) if isinstance(item, str) else item for item in pieces))  # type: ignore[misc]
    return Node("1", "n", command=Command((argument,), shell=True), inputs={"x": IN}, outputs={"order_token": OUT})


def plain(*pieces: object) -> Command:
    return without_marks(Plan((node(*pieces),))).nodes[0].command


def test_the_token_of_a_step_that_others_wait_for() -> None:
    found = plain("python a.py --x ", InputRef("x"), " && echo done > ", OutputRef("order_token"), "/done")
    assert found == Command((Argument((Value("--x"),)), Argument((InputRef("x"),))), script="a.py")


def test_the_description_of_a_table_and_a_token() -> None:
    table = " && echo 'paths:\n - file: ./a.csv' > "
    found = plain(
        *("python a.py", table, OutputRef("order_token"), "/MLTable", " && echo done > ", OutputRef("order_token")),
        "/done",
    )
    assert found.script == "a.py", "both ends are taken off"


def test_lines_of_the_user_stay() -> None:
    line = ("python a.py && echo done > ", OutputRef("order_token"), "/log.txt")
    assert plain(*line) == node(*line).command
    assert plain("python a.py && python b.py").shell
