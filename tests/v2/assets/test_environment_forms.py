"""An environment means the same in both SDKs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.v2.assets import environment_forms as forms
from amlbridge.wire.errors import ServiceError

CONDA = "name: x\nchannels:\n- conda-forge\ndependencies:\n- python=3.9\n- pip:\n  - a==1\n"


def test_there_and_back() -> None:
    mine = forms.check({"image": "i:1", "condaFile": CONDA})
    definition = forms.to_v1(mine)
    assert definition["docker"]["baseImage"] == "i:1"
    assert definition["python"]["condaDependencies"]["dependencies"] == ["python=3.9", {"pip": ["a==1"]}]
    assert forms.same(forms.to_v2(definition), mine)


@given(st.lists(st.text("abc=<>1.-", min_size=1, max_size=12), max_size=5))
def test_any_packages_survive(packages: list[str]) -> None:
    definition = forms.to_v1(forms.check({"image": "i", "condaFile": forms._dump({"dependencies": packages})}))
    assert forms.conda(forms.to_v2(definition)["condaFile"] or "") == {"dependencies": packages}


def test_an_image_alone_is_the_users_own() -> None:
    assert forms.to_v1(forms.check({"image": "i"}))["python"]["userManagedDependencies"] is True


def test_how_a_conda_file_is_written_does_not_matter() -> None:
    one = forms.check({"image": "i", "condaFile": "dependencies: [a, b]\n"})
    two = forms.check({"image": "i", "condaFile": "dependencies:\n  - a\n  - b\n"})
    other = forms.check({"image": "i", "condaFile": "dependencies:\n  - b\n"})
    assert forms.same(one, two)
    assert not forms.same(one, other)


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({}, "needs an image or a build context"),
        ({"image": "i", "build": {"contextUri": "x"}}, "not both"),
        ({"image": "i", "condaFile": "a: [b"}, "not YAML"),
        ({"image": "i", "condaFile": "- a"}, "mapping"),
        ({"image": "i", "condaFile": "dependencies: x"}, "must be a list"),
        ({"image": 1}, "'image' must be a string"),
        ({"build": {}}, "'contextUri' is missing"),
        ({"image": "i", "osType": "BeOS"}, "osType"),
    ],
)
def test_what_is_refused(given_: dict[str, Any], words: str) -> None:
    with pytest.raises(ServiceError, match=words) as caught:
        forms.check(given_)
    assert caught.value.status == 400
