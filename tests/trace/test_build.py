"""What a Plan says that SDK v2 cannot, and what its names become."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from amlbridge.engine.automl.settings import AutoMLSettings
from amlbridge.engine.plan import (
    Argument,
    Command,
    Input,
    InputRef,
    Node,
    NodePort,
    Output,
    OutputRef,
    Parameter,
    ParameterRef,
    Plan,
    Value,
)
from amlbridge.trace import commands
from amlbridge.trace.build import build
from amlbridge.trace.captured import Captured
from amlbridge.trace.model import FromStep, Pipeline
from amlbridge.trace.write import Writer, files
from tests.trace.plans import SOURCES

OUT = Output("workspaceblobstore", "azureml/{run-id}/{output-name}")
MAKE = Node("1", "make.py", command=Command(script="make.py"), outputs={"o": OUT}, deterministic=False)
TAKE = Node(
    "2",
    "take",
    command=Command((Argument((Value("--in"),)), Argument((InputRef("i"),))), script="take.py"),
    inputs={"i": Input(NodePort("1", "o"))},
)


def built(*nodes: Node, parameters: tuple[Parameter, ...] = ()) -> Pipeline:
    return build(Captured("nightly", "pipeline", Plan(nodes, parameters)), SOURCES)


def test_a_step_of_a_kind_that_cannot_be_written_is_a_placeholder_that_fails(tmp_path: Path) -> None:
    spark = replace(MAKE, kind="unsupported", options={"step_type": "SynapseSparkStep"})
    written = Writer(tmp_path, "script.py").write(Captured("nightly", "pipeline", Plan((spark, TAKE))), SOURCES)
    readme = (written.folder / "README.md").read_text()
    assert "Step 'make.py': a SynapseSparkStep has no component that can be written from its graph" in readme
    component = (written.folder / "components" / "make" / "component.yml").read_text()
    assert "&& exit 1" in component
    assert "outputs:\n  o:" in component, "the steps behind it stay connected"


def test_a_step_that_only_waits_reads_an_output_of_the_one_before() -> None:
    waits = replace(TAKE, inputs={}, command=Command(script="take.py"), after=("1",))
    assert built(MAKE, waits).step("take").inputs == {"after_make": FromStep("make", "o")}
    silent = replace(MAKE, outputs={})
    found = built(silent, waits)
    assert found.step("take").inputs == {"after_make": FromStep("make", "order_token")}
    assert found.step("make").declared_outputs == {"order_token": {"type": "uri_folder"}}


def test_names_that_python_does_not_know() -> None:
    command = Command((Argument((Value("--a="), ParameterRef("1"))),), script="make.py")
    found = built(replace(MAKE, name="class", command=command), parameters=(Parameter("1", "string", "x"),))
    assert [item.name for item in found.inputs] == ["input_1"]
    assert [step.key for step in found.steps] == ["class_"]
    assert "The pipeline parameter '1' is called 'input_1': SDK v2 wants Python names." in found.attention


def test_settings_without_a_place_are_named() -> None:
    found = built(replace(MAKE, options={"docker": {"shmSize": "8g"}}, outputs={"o": replace(OUT, type="any")}))
    assert "Step 'make.py': settings of its container ({'shmSize': '8g'}) are not carried over." in found.attention
    assert any("whether 'o' is a file or a folder" in item for item in found.attention)


def test_equal_environments_and_code_are_written_once() -> None:
    first, second = replace(MAKE, code="a" * 64), replace(TAKE, code="a" * 64)
    found = built(first, second)
    assert list(found.code.values()) == ["components/make/code"]
    assert found.steps[1].component is not None
    assert found.steps[1].component["code"] == "../make/code"
    assert len([name for name in files(found) if name.endswith("environment.yml")]) == 1


@pytest.mark.parametrize(
    ("text", "shown"), [("a b", "'a b'"), ("it's", "'it'\"'\"'s'"), ("", "''"), ("--x=$HOME", "'--x=$HOME'")]
)
def test_arguments_are_quoted(text: str, shown: str) -> None:
    command = Command((Argument((Value(text),)),), script="a.py")
    assert commands.line(command, {}) == f"python a.py {shown}"


def test_a_text_that_would_be_a_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="would be a reference in SDK v2"):
        commands.line(Command((Argument((Value("${{inputs.x}}"),)),), script="a.py"), {})


def test_a_line_for_the_shell_stays_as_it_is() -> None:
    command = Command((Argument((Value("cat x | wc > "), OutputRef("o"), Value("/n"))),), shell=True)
    assert commands.line(command, {OutputRef("o"): "${{outputs.o}}"}) == "cat x | wc > ${{outputs.o}}/n"


SEARCH = Node(
    "s",
    "Search",
    kind="automl",
    inputs={"training_data": Input(NodePort("1", "o"))},
    outputs={
        "scores": replace(OUT, type="any", training={"type": "Metrics"}),
        "model": replace(OUT, type="any", training={"type": "Model"}),
    },
    options={"automl": AutoMLSettings("regression", "price", "r2_score").to_json()},
)


def test_readers_of_automl_outputs_read_files_of_a_step_behind() -> None:
    take = replace(TAKE, inputs={"i": Input(NodePort("s", "model"))})
    found = build(
        Captured("nightly", "pipeline", Plan((MAKE, SEARCH, take), outputs={"all": NodePort("s", "scores")})), SOURCES
    )
    assert [step.key for step in found.steps] == ["make", "search", "search_outputs", "take"]
    behind = found.step("search_outputs")
    assert behind.inputs == {"best_model": FromStep("search", "best_model")}
    assert behind.component is not None
    assert behind.component["command"].endswith("--metrics ${{outputs.scores}} --model ${{outputs.model}}")
    assert "components/search_outputs/code/automl_outputs.py" in files(found)
    assert found.step("take").inputs == {"i": FromStep("search_outputs", "model")}
    assert found.outputs == {"all": FromStep("search_outputs", "scores")}
    unread = build(Captured("nightly", "pipeline", Plan((MAKE, SEARCH))), SOURCES)
    assert [step.key for step in unread.steps] == ["make", "search"]


def test_the_table_that_automl_reads_is_described_as_v1_reads_it() -> None:
    read = replace(SEARCH, inputs={"training_data": replace(SEARCH.inputs["training_data"], transformations={"x": 1})})
    sources = replace(SOURCES, table=lambda said: [{"read_parquet": {}}, {"drop_columns": [list(said)]}])
    found = build(Captured("nightly", "pipeline", Plan((MAKE, read))), sources)
    component = found.step("make").component
    assert component is not None
    assert component["outputs"]["o"]["type"] == "mltable"
    assert component["command"] == (
        'python make.py && echo \'{"paths": [{"pattern": "./*.parquet"}], "transformations": '
        '[{"read_parquet": {}}, {"drop_columns": [["x"]]}]}\' > ${{outputs.o}}/MLTable'
    )


def test_what_waits_for_automl_reads_its_model() -> None:
    waits = replace(TAKE, inputs={}, command=Command(script="take.py"), after=("s",))
    assert built(MAKE, SEARCH, waits).step("take").inputs == {"after_search": FromStep("search", "best_model")}


TUNE = replace(
    MAKE,
    id="t",
    name="tune",
    kind="sweep",
    command=Command((Argument((Value("--out"),)), Argument((OutputRef("o"),))), script="train.py"),
    options={
        "sweep": {
            "metric": "auc",
            "goal": "maximize",
            "max_total": 4,
            "append": True,
            "space": [["--lr", ["uniform", [0.1, 1.0]]]],
        }
    },
    outputs={
        "o": OUT,
        "model": replace(OUT, type="any", training={"type": "Model", "model_file": "outputs/my model.pkl"}),
        "all": replace(OUT, type="any", training={"type": "Model"}),
        "scores": replace(OUT, type="any", training={"type": "Metrics"}),
    },
    timeout=30 * 86400.0,
)


def test_outputs_of_a_sweep_are_copied_by_the_trial_and_its_metrics_are_left_out() -> None:
    take = replace(TAKE, inputs={"i": Input(NodePort("t", "model"))})
    reads = replace(TAKE, id="3", name="reads", inputs={"i": Input(NodePort("t", "scores"))})
    plan = Plan((TUNE, take, reads), outputs={"scores": NodePort("t", "scores"), "model": NodePort("t", "model")})
    found = build(Captured("nightly", "pipeline", plan), SOURCES)
    component = found.step("tune").component
    assert component is not None
    assert component["command"] == (
        "python train.py --out ${{outputs.o}} --lr ${{inputs.lr}} && cp 'outputs/my model.pkl' ${{outputs.model}}"
        " && cp -r outputs/. ${{outputs.all}}"
    )
    assert {name: item["type"] for name, item in component["outputs"].items()} == {
        "o": "uri_folder",
        "model": "uri_file",
        "all": "uri_folder",
    }
    assert "trial_timeout" not in found.step("tune").job["limits"], "nobody has asked for it"
    assert found.outputs == {"model": FromStep("tune", "model")}
    assert "it reads the metrics of a sweep" in found.step("reads").placeholder
    assert found.step("reads").inputs == {}
    assert any("The pipeline output 'scores' is left out" in item for item in found.attention)


def test_settings_of_a_parallel_step_that_only_azures_driver_knows() -> None:
    score = replace(
        TAKE,
        kind="parallel",
        command=Command((Argument((Value("--x"),)), Argument((Value("1"),)))),
        outputs={"o": OUT},
        options={
            "parallel": {
                "entry_script": "score.py",
                "inputs": ["i"],
                "output": "o",
                "append_row_file_name": "all rows.txt",
                "allowed_failed_percent": 12.5,
            }
        },
    )
    component = built(MAKE, score).step("take").component
    assert component is not None
    assert component["task"]["program_arguments"] == (
        "--x 1 --append_row_file_name 'all rows.txt' --allowed_failed_percent 12.5"
    )
