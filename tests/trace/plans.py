"""Plans as scripts of SDK v1 make them, for hypothesis."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from amlbridge.engine.plan import (
    Argument,
    Command,
    DataReference,
    Distribution,
    Environment,
    Input,
    InputRef,
    Node,
    NodePort,
    Output,
    OutputRef,
    Parameter,
    ParameterRef,
    Plan,
    Resources,
    Settings,
    Value,
)
from amlbridge.trace.captured import Data, Sources

_TEXTS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=12).filter(
    lambda text: "${{" not in text and "$[[" not in text and not text.startswith("-")
)
_PARAMETERS = (Parameter("epochs", "integer", 3), Parameter("rate", "number", 0.5), Parameter("class", "string", "a b"))
_DATA = ("azureml://datastores/lake/paths/raw/", "azureml://datastores/lake/paths/table.csv")


@st.composite
def nodes(draw: st.DrawFn, index: int, earlier: list[str]) -> Node:
    """A step that reads some of the earlier ones."""
    inputs: dict[str, Input] = {}
    if draw(st.booleans()):
        mode = draw(st.sampled_from(["mount", "download", "direct"]))
        inputs["raw data"] = Input(DataReference(draw(st.sampled_from(_DATA))), mode=mode)
    for other in draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []:
        inputs[f"from_{other}"] = Input(NodePort(other, "out"), mode=draw(st.sampled_from(["mount", "download"])))
    arguments = [Argument((Value("--flag=x"),))] if draw(st.booleans()) else []
    for name in inputs:
        arguments += [Argument((Value(f"--{name.replace(' ', '-')}"),)), Argument((InputRef(name),))]
    for parameter in draw(st.lists(st.sampled_from(_PARAMETERS[:2]), max_size=2, unique=True)):
        arguments.append(Argument((Value(f"--{parameter.name}="), ParameterRef(parameter.name))))
    for number, text in enumerate(draw(st.lists(_TEXTS, max_size=2))):
        arguments += [Argument((Value(f"--text{number}"),)), Argument((Value(text),))]
    arguments += [Argument((Value("--out"),)), Argument((OutputRef("out"),))]
    waits = draw(st.lists(st.sampled_from(earlier), max_size=1)) if earlier else []
    return Node(
        id=f"id{index}",
        name=draw(st.sampled_from(["train", "Train model", "prepare.py", "class", "2nd"])),
        command=Command(tuple(arguments), script="train.py"),
        code=draw(st.sampled_from(["a" * 64, "b" * 64])),
        inputs=inputs,
        outputs={"out": draw(_OUTPUTS)},
        environment=draw(_ENVIRONMENTS),
        variables=draw(st.dictionaries(st.sampled_from(["A", "B"]), st.sampled_from(["1", "two words"]))),
        resources=Resources(draw(st.sampled_from(["cpu", "gpu"])), draw(st.integers(1, 3))),
        distribution=draw(st.none() | st.just(Distribution("mpi", 2))),
        after=tuple(waits),
        deterministic=draw(st.booleans()),
        timeout=draw(st.none() | st.just(3600.0)),
    )


_OUTPUTS = st.one_of(
    st.builds(Output, st.just("workspaceblobstore"), st.just("azureml/{run-id}/{output-name}")),
    st.builds(Output, st.just("lake"), st.just("fixed/place"), mode=st.sampled_from(["mount", "upload"])),
)
_ENVIRONMENTS = st.one_of(
    st.just(Environment("mine", "1", {"dependencies": ["python=3.10", {"pip": ["pandas==2.1"]}]}, "image:1")),
    st.just(Environment(None, None, {"dependencies": ["python=3.11"]})),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A pipeline of one to four steps."""
    made: list[Node] = []
    for index in range(draw(st.integers(1, 4))):
        made.append(draw(nodes(index, [node.id for node in made])))
    used = {
        piece.name
        for node in made
        for item in node.command.arguments
        if isinstance(item, Argument)
        for piece in item.pieces
        if isinstance(piece, ParameterRef)
    }
    return Plan(
        tuple(made),
        tuple(item for item in _PARAMETERS if item.name in used),
        settings=Settings(draw(st.booleans()), draw(st.booleans()), draw(st.none() | st.just("cpu"))),
        description=draw(st.none() | st.just('what it "does"')),
    )


def data(reference: DataReference) -> Data:
    """Paths of datastores are what they are."""
    return Data("uri_folder" if reference.uri.endswith("/") else "uri_file", reference.uri)


def code(digest: str, folder: Path) -> None:
    """A folder with a script and its digest."""
    folder.mkdir(parents=True)
    (folder / "train.py").write_text(f"print({digest!r})\n")


SOURCES = Sources(data, code)
