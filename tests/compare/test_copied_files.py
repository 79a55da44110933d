"""A file of a trial that its command copies to an output is the output that SDK v1 says it is."""

from __future__ import annotations

from dataclasses import replace

from amlbridge.compare import copied_files
from amlbridge.engine.plan import Argument, Command, InputRef, Node, Output, OutputRef, Piece, Plan, Value

OUT = Output("workspaceblobstore", "azureml/{run-id}/{output-name}")


def sweep(*pieces: Piece) -> Node:
    """A sweep with this line."""
    return Node(
        "1",
        "tune",
        kind="sweep",
        command=Command((Argument(pieces),), shell=True),
        outputs={"model": OUT, "all": OUT, "own": OUT},
    )


def test_copies_at_the_end_become_what_their_outputs_say() -> None:
    node = sweep(
        Value("python train.py --out "),
        OutputRef("own"),
        Value(" --lr "),
        InputRef("lr"),
        Value(" && cp 'outputs/my model.pkl' "),
        OutputRef("model"),
        Value(" && cp -r outputs/. "),
        OutputRef("all"),
    )
    (found,) = copied_files.plain(Plan((node,))).nodes
    words = [(Value("--out"),), (OutputRef("own"),), (Value("--lr"),), (InputRef("lr"),)]
    assert found.command == Command(tuple(map(Argument, words)), "train.py")
    assert found.outputs["model"].training == {"type": "Model", "model_file": "outputs/my model.pkl"}
    assert found.outputs["all"].training == {"type": "Model"}
    assert found.outputs["own"].training is None


def test_other_lines_and_other_kinds_stay() -> None:
    for pieces in (
        (Value("python train.py && cp a b "), OutputRef("model")),
        (Value("python train.py && cp $HOME/a "), OutputRef("model")),
        (Value("python train.py && cp a "), OutputRef("model"), Value("/b")),
        (Value("python train.py --out "), OutputRef("model")),
    ):
        plan = Plan((sweep(*pieces),))
        assert copied_files.plain(plan) == plan
    step = replace(sweep(Value("python train.py && cp a "), OutputRef("model")), kind="command")
    assert copied_files.plain(Plan((step,))) == Plan((step,))
