"""The workspace of a job's run; the cases of the rule are checked in test_cases.py."""

from __future__ import annotations

from tests.migrate.rules.support import check_transformed, convert

RUN = "from azureml.core import Run  # noqa: E402\n\nrun = Run.get_context()\n"


def test_what_the_variables_tell_needs_no_client() -> None:
    check_transformed(
        RUN + "print(run.experiment.workspace.subscription_id)\n",
        'import os  # noqa: E402\n\nprint(os.environ["AZUREML_ARM_SUBSCRIPTION"])\n',
    )


def test_inner_attributes_have_a_public_name() -> None:
    text = convert(
        RUN + "ws = run.experiment.workspace\nfind(ws._workspace_name, ws._resource_group, run._run_id)\n"
    ).text
    assert 'find(os.environ["AZUREML_ARM_WORKSPACE_NAME"], os.environ["AZUREML_ARM_RESOURCEGROUP"]' in " ".join(
        text.replace("(\n    ", "(").split("\n    ")
    )
    assert "run.info.run_id" in text and "azureml.core" not in text


def test_a_workspace_that_is_passed_on_is_a_client() -> None:
    text = convert(RUN + "ws = run.experiment.workspace\nprint(ws.name)\nuse(ws)\n").text
    assert "ml_client = MLClient(" in text and "print(ml_client.workspace_name)" in text and "use(ml_client)" in text


def test_a_workspace_that_is_tried_stays_where_it_is_tried() -> None:
    text = convert(
        RUN + "try:\n    ws = run.experiment.workspace\nexcept Exception:\n    stop()\nprint(ws.name)\n",
    ).text
    assert "try:\n    ml_client = MLClient(" in text and "print(ml_client.workspace_name)" in text


def test_a_workspace_with_two_values_is_a_client() -> None:
    text = convert(
        RUN + "ws = run.experiment.workspace\nif local:\n    ws = elsewhere()\nprint(ws.name)\n",
    ).text
    assert "ws = MLClient(" in text


def test_the_comment_for_a_checker_goes_with_its_import() -> None:
    text = convert(
        "def f():\n    import os  # first\n    from azureml.core.run import Run  # type: ignore[import-not-found]\n\n"
        "    ws = Run.get_context().experiment.workspace\n    return ws.name, os.sep\n"
    ).text
    assert "type: ignore" not in text and "import os  # first" in text
