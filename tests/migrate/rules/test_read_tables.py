"""Datasets that a script looks up, selects from and reads."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = "from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\n"


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("x = Dataset.get_by_id(ws, args.id).to_pandas_dataframe()",
         'x = mltable.load(f"azureml:/{args.id}").to_pandas_dataframe()'),
        ('t = Dataset.get_by_name(ws, "t")\nx = t.drop_columns(columns=["a"]).to_pandas_dataframe()',
         't = ml_client.data.get("t", label="latest")\n'
         'x = mltable.load(t.path).drop_columns(columns=["a"]).to_pandas_dataframe()'),
        ('t = Dataset.get_by_name(ws, "t")\na, b = t.random_split(0.5, seed=1)\na.to_pandas_dataframe()',
         't = ml_client.data.get("t", label="latest")\n'
         "a, b = mltable.load(t.path).random_split(0.5, seed=1)\na.to_pandas_dataframe()"),
    ],
)  # fmt: skip
def test_a_table_is_opened_where_it_is_read(code: str, after: str) -> None:
    assert convert(HEAD + code + "\n").text.endswith(after + "\n")


@pytest.mark.parametrize("code", ["f(t.take(3))", "x = t.take(3)\nf(x)", "x = t.take(3)\nx.register(ws, 'y')"])
def test_a_selection_that_goes_elsewhere_is_left(code: str) -> None:
    found = convert(HEAD + f'f(ws)\nt = Dataset.get_by_name(ws, "t")\n{code}\n')
    assert ".take(3)" in found.text and "# TODO(amlbridge datasets)" in found.text
    assert "mltable" not in found.text.replace("mltable.load(...)", "")


def test_models_of_a_run_are_those_that_its_job_has_made() -> None:
    found = convert(HEAD.replace("Dataset", "Model") + 'print(len(Model.list(ws, name="m", run_id=run_id)))\n')
    after = '[model for model in ml_client.models.list(name="m") if model.job_name == run_id]'
    assert after in " ".join(found.text.split()) and "azureml.core" not in found.text
