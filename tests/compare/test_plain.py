"""What `amlbridge migrate` writes because SDK v2 has no other word for it, compared as what it means."""

from __future__ import annotations

import dataclasses

from amlbridge.compare.plain import plain, received
from amlbridge.compare.plans import compare_plans
from amlbridge.compare.result import Verdict
from amlbridge.compare.rules import Rules
from amlbridge.engine.plan import (
    Argument,
    Command,
    Environment,
    Input,
    InputRef,
    Node,
    NodePort,
    Output,
    OutputRef,
    Plan,
    Value,
)

_TABLE = '{"paths": [{"pattern": "./*.csv"}], "transformations": [{"read_delimited": {}}]}'
_SETTINGS = {"task": "classification", "max_trials": 2, "max_cores_per_trial": 1}


def _out(**fields: object) -> Output:
    return dataclasses.replace(Output("workspaceblobstore", "azureml/{run-id}/x"), **fields)


def _script(name: str, option: str, port: InputRef | OutputRef) -> Command:
    return Command((Argument((Value(option),)), Argument((port,))), name)


def _line(*pieces: object) -> Command:
    return Command((Argument(tuple(Value(p) if isinstance(p, str) else p for p in pieces)),), shell=True)  # type: ignore[arg-type]


V1 = Plan(
    nodes=(
        Node("1", "prep", command=_script("prep.py", "--out", OutputRef("rows")), outputs={"rows": _out()}),
        Node(
            "2",
            "search",
            "automl",
            inputs={"training_data": Input(NodePort("1", "rows"), transformations={"blocks": [{"type": "Parse"}]})},
            outputs={"tried": _out(type="any", training={"type": "Metrics"}), "best": _out(type="any")},
            options={"automl": _SETTINGS},
        ),
        Node(
            "3",
            "register",
            command=_script("register.py", "--model", InputRef("best")),
            inputs={"best": Input(NodePort("2", "best"))},
        ),
    ),
    outputs={"metrics": NodePort("2", "tried")},
)
V2 = Plan(
    nodes=(
        Node(
            "a",
            "prep",
            command=_line(
                "python prep.py --out ", OutputRef("rows"), f" && echo '{_TABLE}' > ", OutputRef("rows"), "/MLTable"
            ),
            outputs={"rows": _out(type="mltable")},
        ),
        Node(
            "b",
            "search",
            "automl",
            inputs={"training_data": Input(NodePort("a", "rows"))},
            outputs={"best_model": _out(type="mlflow_model")},
            options={"automl": {**_SETTINGS, "max_cores_per_trial": None}},
        ),
        Node(
            "c",
            "search_outputs",
            command=Command(
                (
                    *_script("", "--metrics", OutputRef("metrics")).arguments,
                    *_script("", "--model", OutputRef("model")).arguments,
                ),
                "automl_outputs.py",
            ),
            inputs={"best_model": Input(NodePort("b", "best_model"))},
            outputs={"metrics": _out(type="uri_file"), "model": _out(type="uri_file")},
        ),
        Node(
            "d",
            "register",
            command=_script("register.py", "--model", InputRef("model")),
            inputs={"model": Input(NodePort("c", "model"))},
        ),
    ),
    outputs={"metrics": NodePort("c", "metrics")},
)


def _found(left: Plan, right: Plan) -> set[tuple[str, str]]:
    report = compare_plans(left, right, Rules())
    return {(step, check.subject) for step, check in report.checks() if check.verdict is not Verdict.SAME}


def _changed(number: str, **fields: object) -> Plan:
    nodes = [dataclasses.replace(n, **fields) if n.id == number else n for n in V2.nodes]  # type: ignore[arg-type]
    return dataclasses.replace(V2, nodes=tuple(nodes))


def test_a_table_and_the_files_of_automl_are_what_sdk_v1_had() -> None:
    assert _found(V1, V2) == set()
    assert _found(V2, V2) == set()
    meant = plain(V2)
    assert [node.name for node in meant.plan.nodes] == ["prep", "search", "register"]
    assert meant.tables == {NodePort("a", "rows"): _TABLE}
    assert meant.moved[NodePort("b", "model")] == NodePort("c", "model")
    # The report says what was left out.
    facts = [fact for _, check in compare_plans(V1, V2, Rules()).checks() for fact in check.facts.values()]
    assert any("MLTable" in fact for fact in facts) and any("default" in fact for fact in facts)


def test_other_tables_and_edges_are_found() -> None:
    other = _line("python prep.py --out ", OutputRef("rows"), " && echo 'x' > ", OutputRef("rows"), "/MLTable")
    assert _found(V2, _changed("a", command=other)) == {("prep", "table of output rows")}
    nodes = [dataclasses.replace(n, inputs={"training_data": Input(NodePort("1", "rows"))}) if n.id == "2" else n
             for n in V1.nodes]  # fmt: skip
    assert _found(dataclasses.replace(V1, nodes=tuple(nodes)), V2) == {("prep", "table of output rows")}
    swapped = _changed("d", inputs={"model": Input(NodePort("c", "metrics"))})
    assert ("register", "input best") in _found(V1, swapped)
    trials = _changed("b", options={"automl": {**_SETTINGS, "max_trials": 3, "max_cores_per_trial": 4}})
    assert _found(V1, trials) == {
        ("search", "setting automl max_trials"),
        ("search", "setting automl max_cores_per_trial"),
    }


def test_packages_that_automl_adds_are_no_wish_of_the_step() -> None:
    own = Environment(conda={"dependencies": ["python=3.10", {"pip": ["pandas", "azureml-core"]}]})
    added = Environment(
        conda={
            "dependencies": [
                "python=3.11.7",
                {"pip": ["azureml-train-automl-runtime==1.62", "pandas==1.3.5", "xgboost"]},
            ]
        }
    )
    left = Plan((Node("1", "s", command=Command((), "s.py"), environment=added),))
    right = Plan((Node("2", "s", command=Command((), "s.py"), environment=own),))
    assert _found(left, right) == set()
    without = Environment(conda={"dependencies": [{"pip": ["pandas==1.3.5"]}]})
    left = Plan((Node("1", "s", command=Command((), "s.py"), environment=without),))
    assert ("s", "package pandas") in _found(left, right)


def test_what_a_line_of_the_shell_gave_the_script() -> None:
    line = f"python prep.py --out /data/x && echo '{_TABLE}' > /data/x/MLTable && echo done > /data/y/done"
    assert received(["/bin/bash", "-c", line]) == ["prep.py", "--out", "/data/x"]
    assert received(["/bin/bash", "-c", "make all"]) == ["/bin/bash", "-c", "make all"]
    assert received([]) == []
    module = "python -m jobs.prep --out /data/x"
    token = f"{module} && echo done > /data/order_token/done"
    assert received(["/bin/bash", "-c", token]) == received(["/bin/bash", "-c", module]) == ["/bin/bash", "-c", module]
    script = "python prep.py --out /data/x"
    token = f"{script} && echo done > /data/order_token/done"
    assert received(["bash", "-c", script]) == received(["bash", "-c", token]) == ["prep.py", "--out", "/data/x"]


def test_a_script_is_one_as_a_line_and_as_words_for_the_shell() -> None:
    script = Plan((Node("1", "s", command=Command((Argument((Value("--a"),)), Argument((Value("1"),))), "a.py")),))
    words = tuple(Argument((Value(word),)) for word in ("python", "a.py", "--a", "1"))
    listed = Plan((Node("1", "s", command=Command(words, shell=True)),))
    line = Plan((Node("1", "s", command=Command((Argument((Value("python a.py --a 1"),)),), shell=True)),))
    assert _found(script, listed) == _found(listed, script) == _found(script, line) == set()
    module = Plan((Node("1", "s", command=Command((Argument((Value("python -m a"),)),), shell=True)),))
    assert _found(script, module) != set()
