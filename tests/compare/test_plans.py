"""Plans: names and order do not matter, every fault is found at its step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlbridge.compare.plans import compare_plans
from amlbridge.compare.result import Report, Verdict
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
    Output,
    OutputRef,
    Parameter,
    ParameterRef,
    Piece,
    Plan,
    Registration,
    Resources,
    Scalar,
    Settings,
    Value,
)
from tests.engine.plans import plans


def command(script: str, *words: Piece | Scalar) -> Command:
    pieces = [word if not isinstance(word, (str, int, float, type(None))) else Value(word) for word in words]
    return Command(tuple(Argument((piece,)) for piece in pieces), script)


def out(**fields: Any) -> Output:
    return Output("workspaceblobstore", "azureml/{run-id}/x", **fields)


RAW = Input(DataReference("azureml://datastores/workspaceblobstore/paths/raw"))
PLAN = Plan(
    nodes=(
        Node(
            "1",
            "prepare",
            command=command(
                "prepare.py", "--raw", InputRef("raw"), "--train", OutputRef("train"), "--test", OutputRef("test")
            ),
            inputs={"raw": RAW},
            outputs={"train": out(), "test": out()},
            environment=Environment(conda={"dependencies": ["python=3.10", {"pip": ["pandas==2.1", "azureml-core"]}]}),
        ),
        Node(
            "2",
            "train",
            command=command(
                "train.py",
                "--data",
                InputRef("train"),
                "--rate",
                ParameterRef("rate"),
                "--epochs",
                "5",
                "--model",
                OutputRef("model"),
            ),
            inputs={"train": Input(NodePort("1", "train"))},
            outputs={"model": out(registration=Registration("credit"))},
            variables={"SEED": "0"},
        ),
        Node(
            "3",
            "score",
            command=command("score.py", "--model", InputRef("model"), "--data", InputRef("test"), "--verbose"),
            inputs={"model": Input(NodePort("2", "model")), "test": Input(NodePort("1", "test"))},
            deterministic=False,
        ),
        Node("4", "notify", command=command("notify.py"), after=("3",)),
    ),
    parameters=(Parameter("rate", "string", "0.1"),),
    settings=Settings(default_compute="cpu-cluster"),
)


def changed(number: str, **fields: Any) -> Plan:
    """The Plan with other fields of one node."""
    nodes = tuple(dataclasses.replace(node, **fields) if node.id == number else node for node in PLAN.nodes)
    return dataclasses.replace(PLAN, nodes=nodes)


def node(number: str) -> Node:
    return PLAN.node(number)


def found(right: Plan) -> set[tuple[str, str]]:
    """Step and subject of everything that is not the same."""
    return {(step, check.subject) for step, check in report(right).checks() if check.verdict is not Verdict.SAME}


def report(right: Plan) -> Report:
    return compare_plans(PLAN, right, Rules())


FAULTS: dict[str, tuple[Plan, set[tuple[str, str]]]] = {
    "a swapped edge": (
        changed("3", inputs={"model": Input(NodePort("2", "model")), "test": Input(NodePort("1", "train"))}),
        {("score", "input test")},
    ),
    "a lost argument": (
        changed("3", command=command("score.py", "--model", InputRef("model"), "--data", InputRef("test"))),
        {("score", "argument --verbose")},
    ),
    "another value": (
        changed(
            "2",
            command=command(
                "train.py",
                "--data",
                InputRef("train"),
                "--rate",
                ParameterRef("rate"),
                "--epochs",
                "6",
                "--model",
                OutputRef("model"),
            ),
        ),
        {("train", "argument --epochs")},
    ),
    "a changed default": (
        dataclasses.replace(PLAN, parameters=(Parameter("rate", "string", "0.2"),)),
        {("", "default of parameter rate")},
    ),
    "a dropped parameter": (
        dataclasses.replace(
            changed(
                "2",
                command=command(
                    "train.py",
                    "--data",
                    InputRef("train"),
                    "--rate",
                    "0.1",
                    "--epochs",
                    "5",
                    "--model",
                    OutputRef("model"),
                ),
            ),
            parameters=(),
        ),
        {("", "parameter rate"), ("train", "argument --rate")},
    ),
    "a wrong mode": (
        changed("2", inputs={"train": Input(NodePort("1", "train"), mode="download")}),
        {("train", "mode of input train")},
    ),
    "an output uploaded": (
        changed("2", outputs={"model": out(registration=Registration("credit"), mode="upload")}),
        {("train", "mode of output model")},
    ),
    "a missing run_after": (changed("4", after=()), {("notify", "runs after score")}),
    "run after another one": (changed("4", after=("2",)), {("notify", "runs after score")}),
    "two inputs in each other's place": (
        changed(
            "3", command=command("score.py", "--model", InputRef("test"), "--data", InputRef("model"), "--verbose")
        ),
        {("score", "input model"), ("score", "input test")},
    ),
    "two outputs in each other's place": (
        changed(
            "1",
            command=command(
                "prepare.py", "--raw", InputRef("raw"), "--train", OutputRef("test"), "--test", OutputRef("train")
            ),
        ),
        {("train", "input train"), ("score", "input test")},
    ),
    "other data": (
        changed("1", inputs={"raw": Input(DataReference("azureml://datastores/workspaceblobstore/paths/old"))}),
        {("prepare", "input raw")},
    ),
    "another script": (changed("4", command=command("notify_all.py")), {("notify", "script")}),
    "a lost variable": (changed("2", variables={}), {("train", "environment variable SEED")}),
    "another variable": (changed("2", variables={"SEED": "1"}), {("train", "environment variable SEED")}),
    "no registration": (changed("2", outputs={"model": out()}), {("train", "registration of output model")}),
    "reuse where there was none": (changed("3", deterministic=True), {("score", "reuse allowed")}),
    "another compute": (changed("2", resources=Resources(compute="gpu")), {("train", "compute")}),
    "more nodes": (changed("2", resources=Resources(nodes=2)), {("train", "nodes")}),
    "another package": (
        changed("1", environment=Environment(conda={"dependencies": ["python=3.10", {"pip": ["pandas==2.2"]}]})),
        {("prepare", "package pandas")},
    ),
    "a step lost": (dataclasses.replace(PLAN, nodes=PLAN.nodes[:3]), {("notify", "step")}),
    "retries": (changed("2", retries=3), {("train", "retries")}),
    "goes on after a failure": (
        dataclasses.replace(PLAN, settings=Settings(default_compute="cpu-cluster", continue_on_failure=True)),
        {("", "continue on failure")},
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_at_its_step(name: str) -> None:
    plan, expected = FAULTS[name]
    assert found(plan) == expected
    assert report(plan).verdict is Verdict.DIFFERENT


HARMLESS: dict[str, Callable[[], Plan]] = {
    "the order of steps": lambda: dataclasses.replace(PLAN, nodes=PLAN.nodes[::-1]),
    "the name of a step": lambda: changed("2", name="Train_Model"),
    "the description": lambda: dataclasses.replace(PLAN, description="other words"),
    "the order of options": lambda: changed(
        "3", command=command("score.py", "--verbose", "--data", InputRef("test"), "--model", InputRef("model"))
    ),
    "an option with an equals sign": lambda: changed(
        "2",
        command=Command(
            (
                *(
                    Argument((Value(word),) if isinstance(word, str) else (word,))
                    for word in (
                        "--data",
                        InputRef("train"),
                        "--rate",
                        ParameterRef("rate"),
                        "--epochs=5",
                        "--model",
                        OutputRef("model"),
                    )
                ),
            ),
            "train.py",
        ),
    ),
    "the name of an input": lambda: changed(
        "2",
        inputs={"table": Input(NodePort("1", "train"))},
        command=command(
            "train.py",
            "--data",
            InputRef("table"),
            "--rate",
            ParameterRef("rate"),
            "--epochs",
            "5",
            "--model",
            OutputRef("model"),
        ),
    ),
    "a literal as an input": lambda: changed(
        "2",
        inputs={**node("2").inputs, "epochs": Input(Value(5))},
        command=command(
            "train.py",
            "--data",
            InputRef("train"),
            "--rate",
            ParameterRef("rate"),
            "--epochs",
            InputRef("epochs"),
            "--model",
            OutputRef("model"),
        ),
    ),
    "the type of a parameter": lambda: dataclasses.replace(PLAN, parameters=(Parameter("rate", "number", 0.1),)),
    "a dependency that the data say anyway": lambda: changed("3", after=("2",)),
    "other code": lambda: changed("2", code="digest"),
    "Azure's packages": lambda: changed(
        "1",
        environment=Environment(
            conda={"dependencies": ["python=3.10", {"pip": ["azure-ai-ml", "mlflow", "pandas==2.1"]}]}
        ),
    ),
    "the way of naming the compute": lambda: changed("1", resources=Resources(compute="CPU-Cluster")),
    "the place of an output that is one for each run": lambda: changed(
        "2",
        outputs={"model": Output("workspaceblobstore", "azureml/{run-id}/model", registration=Registration("credit"))},
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_does_no_harm_is_no_difference(name: str) -> None:
    assert found(HARMLESS[name]()) == set()


def test_a_parameter_is_called_as_sdk_v2_can_have_it() -> None:
    def named(name: str) -> Plan:
        words = ("train.py", "--day", ParameterRef(name), "--rate", InputRef("rate"))
        node = Node("1", "train", command=command(*words), inputs={"rate": Input(ParameterRef(name))})
        return Plan(nodes=(node,), parameters=(Parameter(name, "string", "monday"),))

    assert compare_plans(named("target-day"), named("target_day"), Rules()).verdict is Verdict.SAME
    assert compare_plans(named("target-day"), named("target_days"), Rules()).verdict is Verdict.DIFFERENT
    assert compare_plans(named("Day"), named("day"), Rules()).verdict is Verdict.DIFFERENT


def test_twins_are_told_apart_by_their_place() -> None:
    def chain(number: int, value: str) -> tuple[Node, ...]:
        first = Node(f"a{number}", "load", command=command("load.py", value), outputs={"o": out()})
        work = Node(
            f"b{number}",
            "work",
            command=command("work.py", InputRef("i")),
            outputs={"o": out()},
            inputs={"i": Input(NodePort(f"a{number}", "o"))},
        )
        last = Node(
            f"c{number}",
            "end",
            command=command("end.py", InputRef("i")),
            inputs={"i": Input(NodePort(f"b{number}", "o"))},
        )
        return first, work, last

    left = Plan((*chain(1, "x"), *chain(2, "y"), *chain(3, "z")))
    right = Plan((*chain(7, "z"), *chain(8, "x"), *chain(9, "y")))
    assert compare_plans(left, right, Rules()).verdict is Verdict.SAME


@settings(max_examples=60, deadline=None)
@given(plans(), st.randoms(use_true_random=False))
def test_a_plan_is_the_same_as_itself_in_any_order(plan: Plan, chance: Any) -> None:
    nodes = list(plan.nodes)
    chance.shuffle(nodes)
    found = compare_plans(plan, dataclasses.replace(plan, nodes=tuple(nodes)), Rules())
    assert [(step, check) for step, check in found.checks() if check.verdict is not Verdict.SAME] == []
