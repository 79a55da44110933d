"""Plans for hypothesis: graphs without circles whose nodes hold every kind of value."""

from __future__ import annotations

from hypothesis import strategies as st

from amlbridge.engine import plan as p

names = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=8)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), names, st.floats(-1e9, 1e9))
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)
pieces = st.one_of(
    st.builds(p.Value, scalars),
    st.builds(p.ParameterRef, names),
    st.builds(p.InputRef, names),
    st.builds(p.OutputRef, names),
)
arguments = st.builds(p.Argument, st.lists(pieces, max_size=3).map(tuple))
commands = st.builds(
    p.Command,
    st.lists(
        st.one_of(arguments, st.builds(p.OptionalGroup, names, st.lists(arguments, max_size=2).map(tuple))), max_size=3
    ).map(tuple),
    st.none() | names,
    st.booleans(),
)
references = st.builds(p.DataReference, names)
outputs = st.builds(
    p.Output,
    names,
    names,
    registration=st.none() | st.builds(p.Registration, names, tags=st.dictionaries(names, names, max_size=2)),
    training=json_values,
)
loose_inputs = st.builds(
    p.Input,
    st.one_of(references, st.builds(p.Value, scalars), st.builds(p.DataParameterRef, names)),
    transformations=json_values,
)


#: Made once: to make and check strategies takes longer than to draw from them.
_fields = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["prepare", "train"]),
        "command": commands,
        "inputs": st.dictionaries(names, loose_inputs, max_size=2),
        "outputs": st.dictionaries(names, outputs, max_size=1).map(
            lambda more: {"out": p.Output("store", "path"), **more}
        ),
        "environment": st.builds(p.Environment, name=st.none() | names, conda=json_values),
        "variables": st.dictionaries(names, names, max_size=2),
        "parameter_variables": st.dictionaries(names, pieces, max_size=2),
        "distribution": st.none() | st.builds(p.Distribution, names, st.integers(1, 4)),
        "timeout": st.none() | st.floats(0, 1e6),
        "options": st.dictionaries(names, json_values, max_size=2),
    }
)
_parameters = st.lists(names, max_size=2, unique=True)
_description = st.none() | names


def nodes(node_id: str) -> st.SearchStrategy[p.Node]:
    """A node without dependencies."""
    return _fields.map(lambda fields: p.Node(id=node_id, **fields))


@st.composite
def plans(draw: st.DrawFn, plain: bool = False) -> p.Plan:
    """A Plan. ``plain``: its nodes are equal in themselves, so that only the graph tells them apart."""
    count = draw(st.integers(1, 7))
    found: list[p.Node] = []
    for index in range(count):
        node_id = f"node{index}"
        node = (
            p.Node(node_id, "step", outputs={"out": p.Output("s", "p")})
            if plain
            else p.Node(id=node_id, **draw(_fields))
        )
        inputs = dict(node.inputs)
        earlier = [other.id for other in found]
        for position, other in enumerate(draw(st.lists(st.sampled_from(earlier), max_size=2)) if earlier else []):
            inputs[f"in{position}"] = p.Input(p.NodePort(other, "out"))
        after = draw(st.lists(st.sampled_from(earlier), max_size=1, unique=True)) if earlier else []
        fields = {**{item: getattr(node, item) for item in p.Node.__dataclass_fields__}}
        found.append(p.Node(**{**fields, "inputs": inputs, "after": tuple(after)}))
    ports = st.sampled_from([node.id for node in found])
    return p.Plan(
        nodes=tuple(found),
        parameters=tuple(p.Parameter(name) for name in draw(_parameters)),
        outputs={
            name: p.NodePort(node, "out") for name, node in draw(st.dictionaries(names, ports, max_size=2)).items()
        },
        description=draw(_description),
    )
