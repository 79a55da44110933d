"""Every form in which an asset is named means the same asset."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.v2.assets.references import parse
from amlbridge.wire.errors import ServiceError

NAMES = st.text("abcXYZ019_.-", min_size=1, max_size=20).filter(lambda text: text[0] not in ".-")
SCOPE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"


@given(NAMES, NAMES)
def test_versions(name: str, version: str) -> None:
    short = [f"azureml:{name}:{version}", f"{name}:{version}"]
    tail = f"models/{name}/versions/{version}"
    long = [
        f"{SCOPE}/{tail}",
        f"azureml:{SCOPE}/{tail}",
        f"azureml://registries/r/{tail}",
        f"azureml://locations/l/workspaces/guid/{tail}",
        f"azureml://subscriptions/s/resourcegroups/g/workspaces/w/{tail}",
        f"azureml://{tail}",
    ]
    for text in short + long:
        found = parse(text)
        assert (found.name, found.version, found.label) == (name, version, None)
        assert found.kind == ("models" if text in long else "")


@given(NAMES, NAMES)
def test_labels(name: str, label: str) -> None:
    for text in (
        f"azureml:{name}@{label}",
        f"{name}@{label}",
        f"{SCOPE}/environments/{name}/labels/{label}",
        f"azureml://registries/azureml/environments/{name}/labels/{label}",
    ):
        found = parse(text)
        assert (found.name, found.version, found.label) == (name, None, label)


def test_places() -> None:
    assert parse(f"{SCOPE}/data/d/versions/1").scope == ("s", "g", "w")
    assert parse("azureml://registries/r/data/d/versions/1").registry == "r"
    assert parse("azureml://locations/l/workspaces/guid/data/d/versions/1").workspace_id == "guid"
    assert parse("azureml:name").version is None


@pytest.mark.parametrize(
    "text", ["", "azureml:", "a:b:c", "azureml://datastores/d/paths/x/y", "https://example.com/a", "./folder/x"]
)
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        parse(text)
    assert caught.value.status == 400
    assert repr(text) in caught.value.message
