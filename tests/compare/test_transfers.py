"""A command that copies is the transfer that SDK v1 has a step for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from amlbridge.compare import transfers
from amlbridge.compare.plans import compare_plans
from amlbridge.compare.result import Verdict
from amlbridge.compare.rules import Rules
from amlbridge.engine.plan import (
    Argument,
    Command,
    DataReference,
    Environment,
    Input,
    InputRef,
    Node,
    NodePort,
    OptionalGroup,
    Output,
    OutputRef,
    Piece,
    Plan,
    Resources,
    Value,
)

MAKE = Node("1", "make", command=Command(script="make.py"), outputs={"flowers": Output("store", "{run-id}")})
STEP = Node(
    "2",
    "keep",
    kind="transfer",
    inputs={"flowers": Input(NodePort("1", "flowers"), mode="mount")},
    outputs={"kept": Output("store", "kept/flowers", type="any")},
    resources=Resources("factory"),
    options={"transfer": {"source": "flowers", "destination": "kept"}},
)
LINE = (Value("cp -r "), InputRef("source"), Value("/. "), OutputRef("destination"))


def copying(*pieces: Piece) -> Node:
    """A command of SDK v2 with this line."""
    return Node(
        "2",
        "keep",
        command=Command((Argument(pieces),), shell=True),
        inputs={"source": Input(NodePort("1", "flowers"), type="uri_folder")},
        outputs={"destination": Output("store", "kept/flowers")},
        environment=Environment(image="ubuntu"),
        resources=Resources("serverless"),
    )


def differences(node: Node) -> list[str]:
    """What differs from the pipeline of SDK v1."""
    report = compare_plans(Plan((MAKE, STEP)), Plan((MAKE, node)), Rules())
    return [str(check) for step in report.steps for check in step.checks if check.verdict is Verdict.DIFFERENT]


def test_a_command_that_copies_is_a_transfer() -> None:
    assert differences(copying(*LINE)) == []


def test_another_place_or_another_source_is_told() -> None:
    elsewhere = replace(copying(*LINE), outputs={"destination": Output("store", "kept/trees")})
    assert differences(elsewhere)
    other = Input(DataReference("azureml://datastores/store/paths/trees"), type="uri_folder")
    assert differences(replace(copying(*LINE), inputs={"source": other}))


@pytest.mark.parametrize(
    "pieces",
    [
        (Value("cp "), InputRef("source"), Value("/. "), OutputRef("destination")),
        (Value("cp -r "), InputRef("source"), Value("/*.csv "), OutputRef("destination")),
        (*LINE, Value(" && rm x")),
        (Value("python a.py "), InputRef("source"), Value(" "), OutputRef("destination")),
    ],
)
def test_other_commands_stay(pieces: tuple[Piece, ...]) -> None:
    plan = Plan((MAKE, copying(*pieces)))
    assert transfers.plain(plan) == plan


def test_a_command_of_optional_arguments_alone_stays() -> None:
    node = replace(copying(*LINE), command=Command((OptionalGroup("source", ()),), shell=True))
    assert transfers.plain(Plan((MAKE, node))) == Plan((MAKE, node))
