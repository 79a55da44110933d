"""From raw columns to features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlbridge.engine.automl.fitted import purposes
from amlbridge.engine.automl.fitted.datatransformer import DataTransformer

_WORDS = ["red", "green", "blue"]
_TEXTS = [
    f"the {a} fox {b} over number {n}" for n, a in enumerate(["quick", "lazy", "old", "sly"] * 10) for b in ("jumps",)
]


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": range(100, 140),
            "token": [f"t{index:04x}" for index in range(40)],
            "number": [1.5, np.nan, 3.0, 4.0] * 10,
            "digits": ["1", "2", "3", " "] * 10,
            "flag": [True, False] * 20,
            "color": [*_WORDS, None] * 10,
            "city": [f"city {index % 20}" for index in range(40)],
            "when": pd.date_range("2024-01-01", periods=40).astype(str),
            "text": _TEXTS,
            "same": "x",
            "void": None,
            "mixed": [1, "a", 2.0, "b"] * 10,
        }
    )


EXPECTED = {
    "id": "Hashes",
    "token": "Hashes",
    "number": "Numeric",
    "digits": "Numeric",
    "flag": "Numeric",
    "color": "Categorical",
    "city": "CategoricalHash",
    "when": "DateTime",
    "text": "Text",
    "same": "Constant",
    "void": "AllNan",
    "mixed": "Categorical",
}


def fitted(**options: Any) -> tuple[DataTransformer, Any]:
    transformer = DataTransformer(EXPECTED, "binary", **options)
    return transformer, transformer.fit_transform(table(), np.arange(40) % 2)


def test_purposes_are_detected() -> None:
    frame = table()
    assert {name: purposes.detect(frame[name]) for name in frame.columns} == EXPECTED


def test_features_are_numbers_and_have_names() -> None:
    transformer, features = fitted()
    names = transformer.get_engineered_feature_names()
    assert features.shape == (40, len(names))
    assert np.isfinite(features).all()
    assert len(set(names)) == len(names)
    assert {"number_missing", "color_red", "city_frequency", "when_dayofweek", "text_word_quick", "mixed_a"} <= set(
        names
    )
    summary = {item["RawFeatureName"]: item for item in transformer.get_featurization_summary()}
    assert summary["id"]["Dropped"] == "Yes"
    assert summary["number"]["Transformations"] == ["MeanImputer", "ImputationMarker"]
    assert sum(item["EngineeredFeatureCount"] for item in summary.values()) == len(names)


@settings(max_examples=25, deadline=None)
@given(st.permutations(list(EXPECTED)), st.data())
def test_rows_that_were_never_seen_become_features_too(order: list[str], data: st.DataObject) -> None:
    transformer, features = fitted()
    values: st.SearchStrategy[Any] = st.none() | st.text(max_size=5) | st.floats() | st.integers() | st.booleans()
    rows = pd.DataFrame({name: data.draw(st.lists(values, min_size=3, max_size=3)) for name in order}, dtype=object)
    found = transformer.transform(rows.assign(surplus=1))
    assert found.shape == (3, features.shape[1])
    assert np.isfinite(found).all()


def test_missing_columns_are_named() -> None:
    transformer, _ = fitted()
    with pytest.raises(ValueError, match="lack columns that the model was trained with: color, city"):
        transformer.transform(table().drop(columns=["color", "city"]))
    with pytest.raises(ValueError, match="the model takes 12 columns"):
        transformer.transform(np.zeros((2, 3)))


def test_blocked_label_encoder_and_hashes() -> None:
    transformer, _ = fitted(blocked=["LabelEncoder"], parameters={"HashOneHotEncoder": [([], {"number_of_bits": 3})]})
    names = transformer.get_engineered_feature_names()
    assert [name for name in names if name.startswith("city")] == [f"city_hash_{index}" for index in range(8)]
    assert "color_red" in names
    features = transformer.transform(table().head(1))[0]
    assert sum(features[names.index(f"city_hash_{index}")] for index in range(8)) == 1
    without, _ = fitted(blocked=["HashOneHotEncoder", "LabelEncoder"], parameters=transformer.parameters)
    assert "city_frequency" in without.get_engineered_feature_names()
    assert "city_code" not in without.get_engineered_feature_names()


def test_parameters_of_texts_and_of_one_column() -> None:
    every = {"strategy": "median"}
    transformer, _ = fitted(
        parameters={
            "TfIdf": [([], {"ngram_range": [1, 1], "max_features": 5})],
            "Imputer": [([], every), (["digits"], {"strategy": "most_frequent"})],
        }
    )
    words = [name for name in transformer.get_engineered_feature_names() if name.startswith("text_word_")]
    assert len(words) == 5
    assert not any(" " in name for name in words)
    steps = {item["RawFeatureName"]: item["Transformations"] for item in transformer.get_featurization_summary()}
    assert steps["number"][0] == "MedianImputer"
    assert steps["digits"][0] == "ModeImputer"
    with pytest.raises(ValueError, match="max_df"):
        fitted(parameters={"TfIdf": [([], {"max_df": -1})]})


@pytest.mark.filterwarnings("error")
def test_the_target_encoder_is_used_as_scikit_learn_wants_it() -> None:
    _, features = fitted(seed=3)
    _, same = fitted(seed=3)
    _, other = fitted(seed=4)
    assert np.array_equal(features, same)
    assert not np.array_equal(features, other)


def test_customization() -> None:
    transformer, _ = fitted(
        blocked=["OneHotEncoder", "CatTargetEncoder", "ImputationMarker", "TfIdf"],
        parameters={"Imputer": [(["number"], {"strategy": "constant", "fill_value": -1.0})]},
    )
    names = transformer.get_engineered_feature_names()
    assert not any(name.startswith(("color_red", "city_target")) or name.endswith("_missing") for name in names)
    assert "text_hash_0" in names
    features = transformer.transform(table())
    assert features[1, names.index("number")] == -1.0
