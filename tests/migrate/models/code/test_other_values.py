"""Variables that hold an object of SDK v1 in one place and something else in another."""

from __future__ import annotations

from tests.migrate.rules.support import convert

HEAD = "from azureml.core import Model, Workspace\n\nws = Workspace.from_config()\n"
SCORE = "\n\ndef run(rows):\n    return model.predict(rows)\n\n\n"


def test_what_sdk_v1_has_not_is_read_of_the_other() -> None:
    conversion = convert(
        f'{HEAD}model = train(){SCORE}model = Model.register(ws, "a.pkl", "m")\nprint(model.version)\n'
    )
    assert "    return model.predict(rows)\n" in conversion.text
    assert "azureml.core" not in conversion.text
    assert not [finding for finding in conversion.findings if finding.rule == "unknown-symbol"]


def test_of_a_variable_that_holds_nothing_else_it_is_told() -> None:
    conversion = convert(f'{HEAD}model = Model.register(ws, "a.pkl", "m")\nprint(model.verzion)\n')
    assert [finding.symbol for finding in conversion.findings if finding.rule == "unknown-symbol"] == ["Model.verzion"]


def test_a_variable_that_is_none_at_first_holds_nothing_else() -> None:
    conversion = convert(f'{HEAD}model = None\nif ws:\n    model = Model(ws, "m")\nprint(model._unpacked)\n')
    assert [finding.symbol for finding in conversion.findings if "Model." in finding.symbol] == ["Model._unpacked"]
