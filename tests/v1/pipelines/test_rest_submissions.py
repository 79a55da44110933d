"""The body of a REST submit: whatever is sent is read as Azure reads it or refused as a bad request."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import rest_submissions
from amlbridge.wire.errors import ServiceError

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    [
        *("ExperimentName", "experimentname", "DisplayName", "Description", "Tags", "tags", "Properties", "RunSource"),
        *("RunType", "ParameterAssignments", "parameterAssignments", "DataSetDefinitionValueAssignments"),
        *("DataPathAssignments", "ContinueRunOnStepFailure", "ParentRunId", "EnableNotification", "Other"),
    ]
)


@given(st.dictionaries(_NAMES, _JSON, max_size=6))
def test_any_object_is_read_or_refused(body: dict[str, Any]) -> None:
    try:
        read = rest_submissions.read(Fields(body, "the body"))
    except ServiceError as error:
        assert error.status == 400
        assert error.message
    else:
        assert read.experiment
        assert all(isinstance(value, str | int | float) for value in read.parameters.values())
        assert all(isinstance(value, str) for value in {**read.tags, **read.properties}.values())


_SCALARS = st.text(alphabet="aB1 é", max_size=5) | st.integers() | st.booleans()
_FIELDS = st.fixed_dictionaries(
    {"ExperimentName": st.text(alphabet="ab", min_size=1, max_size=5)},
    optional={
        "Description": st.text(alphabet="ab ", max_size=5),
        "Tags": st.dictionaries(st.text(alphabet="aA", min_size=1, max_size=3), _SCALARS, max_size=2),
        "ParameterAssignments": st.dictionaries(st.text(alphabet="aA", min_size=1, max_size=3), _SCALARS, max_size=2),
        "ContinueRunOnStepFailure": st.booleans(),
        "DataPathAssignments": st.dictionaries(
            st.text(alphabet="aA", min_size=1, max_size=3),
            st.fixed_dictionaries({"DataStoreName": st.just("s"), "RelativePath": st.text(alphabet="p/", max_size=4)}),
            max_size=2,
        ),
    },
)


@given(_FIELDS, st.randoms(use_true_random=False))
def test_the_case_of_fields_does_not_matter(body: dict[str, Any], draw: Any) -> None:
    def spelled(name: str) -> str:
        return "".join(draw.choice((letter.upper(), letter.lower())) for letter in name)

    other = {spelled(name): value for name, value in body.items()}
    for name, value in other.items():
        if name.lower() == "datapathassignments":
            other[name] = {key: {spelled(part): text for part, text in item.items()} for key, item in value.items()}
    assert rest_submissions.read(Fields(other, "it")) == rest_submissions.read(Fields(body, "it"))


def test_what_was_sent_is_kept_as_it_was() -> None:
    body = {
        "ExperimentName": "e",
        "ParameterAssignments": {"n": 20, "f": 1.5, "t": "x", "b": True, "none": None},
        "ContinueRunOnStepFailure": "True",
        "Runtype": "http",
    }
    read = rest_submissions.read(Fields(body, "the body"))
    assert read.parameters == {"n": 20, "f": 1.5, "t": "x", "b": True}
    assert read.continue_on_step_failure is True
    assert read.run_type == "HTTP"
    assert rest_submissions.read(Fields({"experimentName": "e"}, "the body")).continue_on_step_failure is None


def test_a_parameter_that_is_assigned_twice_is_refused() -> None:
    path, dataset = {"p": {"DataStoreName": "s"}}, {"p": {"SavedDataSetReference": {"Id": "i"}}}
    body = {"ExperimentName": "e", "DataPathAssignments": path, "DataSetDefinitionValueAssignments": dataset}
    with pytest.raises(ServiceError, match="p stands in both"):
        rest_submissions.read(Fields(body, "the body"))
