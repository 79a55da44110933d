"""Metrics of a run: the kinds of values, names, and runs other than the active one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import _validate_metric_name

from amlbridge.migrate.findings import Status
from amlbridge.migrate.rules.run_metrics import allowed_name
from tests.migrate.rules.support import check_transformed, convert

HEAD = "from azureml.core import Run\nrun = Run.get_context()\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("run.log('a', 1, 'what it is', 5)", 'mlflow.log_metric("a", 1, step=5)'),
        ("run.log(name='a', value=len(x), step=i)", 'mlflow.log_metric("a", len(x), step=i)'),
        ("run.log('a', accuracy_score(x, y))", 'mlflow.log_metric("a", accuracy_score(x, y))'),
        ("run.log('a', classification_report(x, y))", 'mlflow.log_text(classification_report(x, y), "a.txt")'),
        ("run.log('a', os.getcwd())", 'mlflow.log_text(os.getcwd(), "a.txt")'),
        ("run.log('a', torch.cuda.is_available())", 'mlflow.log_metric("a", int(torch.cuda.is_available()))'),
        ("run.log('a', x > y)", 'mlflow.log_metric("a", int(x > y))'),
        ("run.log('a', f'{x} of {y}')", 'mlflow.log_text(f"{x} of {y}", "a.txt")'),
        ("run.log(key, time.asctime())", 'mlflow.log_text(time.asctime(), f"{key}.txt")'),
        ("run.log('torch', torch.__version__)", 'mlflow.log_text(torch.__version__, "torch.txt")'),
        ("run.log('model', type(model).__name__)", 'mlflow.log_text(type(model).__name__, "model.txt")'),
        ("run.log(key, str(x))", 'mlflow.log_text(str(x), f"{key}.txt")'),
        ("run.log('a' + key, 'text')", 'mlflow.log_text("text", "a" + key + ".txt")'),
        ("run.log_row(f'{x}', y=1.0)", 'mlflow.log_metrics({f"{x}" + ".y": 1.0})'),
        ("run.log_row('a', **{'y': 1.0})", 'mlflow.log_metrics({"a.y": 1.0})'),
        ("run.log_residuals('a', data)", 'mlflow.log_dict(data, "a.json")'),
    ],
)
def test_values(before: str, after: str) -> None:
    check_transformed(HEAD + before + "\n", "import mlflow\n" + after + "\n")


@pytest.mark.parametrize(
    ("before", "value"),
    [
        ("", '{"a": 1, "b": 2}'),
        ("", 'frame.corr()["y"].to_dict()'),
        ("weights = {name: 1 for name in names}\n", "weights"),
        ("", "forest.get_params()"),
        ("", "vars(args)"),
        ("", "classification_report(x, y, output_dict=True)"),
        ("weights = search.best_params_\n", "weights"),
    ],
)
def test_a_dict_is_no_metric_of_mlflow(before: str, value: str) -> None:
    text = convert(f"{HEAD}{before}run.log('weights', {value})\nrun.log('size', len({value}))\n").text
    assert f'mlflow.log_dict({value}, "weights.json")' in text
    assert 'mlflow.log_metric("size", len(' in text


@pytest.mark.parametrize("value", ["x", "scores[0]", "compute(x)", "a.b.c"])
def test_an_unknown_value_is_assumed_to_be_a_number(value: str) -> None:
    (_, found) = check_transformed(
        HEAD + f"run.log('a', {value})\n", f'import mlflow\nmlflow.log_metric("a", {value})\n', status=Status.REVIEW
    )
    assert found.status is Status.REVIEW and "number" in found.message


@pytest.mark.parametrize(
    "code",
    [
        "run.log('a', [1, 2])",
        "run.log('a', found.tolist())",
        "first, second, _ = precision_recall_curve(x, y)\nrun.log('a', second)",
        "run.log('a', fitted.history['loss'])",
        "found = [f(x) for x in y]\nrun.log('a', found)",
    ],
)
def test_a_list_is_one_value_after_the_other(code: str) -> None:
    found = convert(f"{HEAD}{code}\n")
    assert 'mlflow.log_metric("a", value, step=step)' in found.text and "in enumerate(" in found.text
    assert any(finding.status is Status.REVIEW and "a list" in finding.message for finding in found.findings)


def test_arguments_of_the_script_have_the_kind_that_the_parser_gives() -> None:
    parser = (
        "import argparse\nparser = argparse.ArgumentParser()\n"
        'parser.add_argument("--rate", type=float)\nparser.add_argument("--model-name")\n'
        'parser.add_argument("--fast", action="store_true")\nargs = parser.parse_args()\n'
    )
    found = convert(HEAD + parser + "run.log('a', args.rate)\nrun.log('b', args.model_name)\nrun.log('c', args.fast)\n")
    assert found.text.splitlines()[-3:] == [
        'mlflow.log_metric("a", args.rate)',
        'mlflow.log_text(args.model_name, "b.txt")',
        'mlflow.log_metric("c", int(args.fast))',
    ]
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}


def test_a_row_of_a_dict_that_is_made_at_run_time() -> None:
    found = convert('from azureml.core import Run\nRun.get_context().log_row("a", **columns)\n')
    assert 'mlflow.log_metrics({f"a.{key}": value for key, value in columns.items()})' in found.text
    assert [finding.status for finding in found.findings if finding.symbol == "Run.log_row"] == [Status.REVIEW]


@pytest.mark.parametrize(
    "code",
    [
        "run.log_row('e', n=n, **row)",
        "run.log_row(name='e', n=n, **row)",
        "run.log_row('e', 'described', n=n, **row)",
        "run.log_row(n=n, **row, name='e', description='described')",
    ],
)
def test_a_row_of_columns_and_of_a_dict_that_is_made_at_run_time(code: str) -> None:
    logged: list[dict[str, float]] = []
    text = convert(f"{HEAD}{code}\n").text
    names = {"log_metrics": logged.append, "n": 1, "row": {"x": 2, "y": 3}}
    exec(text.splitlines()[-1].replace("mlflow.", ""), names)
    assert logged == [{"e.n": 1, "e.x": 2, "e.y": 3}]


def test_a_name_and_a_value_that_come_in_one() -> None:
    found = convert(f"{HEAD}for pair in pairs:\n    run.log(*pair)\n")
    assert found.text.endswith("    mlflow.log_metric(*pair)\n")
    assert any(
        finding.status is Status.REVIEW and "a name and a value" in finding.message for finding in found.findings
    )


def test_variables_of_loops_do_not_hide_others() -> None:
    found = convert(HEAD + "step = 7\nrun.log_list('a', [step, step])\nprint(step)\n")
    assert "for logged_step, value in enumerate([step, step]):" in found.text


def test_a_run_in_a_callback_class() -> None:
    check_transformed(
        """\
        from azureml.core import Run
        from keras.callbacks import Callback

        class LogRun(Callback):
            def __init__(self, run):
                self.run = run

            def on_epoch_end(self, epoch, log):
                self.run.log("loss", float(log["loss"]))

        callback = LogRun(Run.get_context())
        """,
        """\
        import mlflow
        from keras.callbacks import Callback

        class LogRun(Callback):
            def __init__(self, run):
                self.run = run

            def on_epoch_end(self, epoch, log):
                mlflow.log_metric("loss", float(log["loss"]))

        callback = LogRun((mlflow.active_run() or mlflow.start_run()))
        """,
    )


@given(st.text(min_size=1, max_size=30))
def test_every_name_becomes_one_that_mlflow_allows(name: str) -> None:
    allowed = allowed_name(name)
    _validate_metric_name(allowed)
    assert allowed_name(allowed) == allowed


def test_a_row_with_a_text_is_one_of_a_table() -> None:
    code = "keys = list(found.keys())\nrun.log_row('a', stat=keys[0], value=found[keys[0]])\n"
    assert 'mlflow.log_table({"stat": keys[0], "value": found[keys[0]]}, "a.json")' in convert(HEAD + code).text
    unknown = convert(f"{HEAD}run.log_row('a', x=thing())\n").findings[-1]
    assert unknown.status is Status.REVIEW and "assumed that all columns are numbers" in unknown.message


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ('"# rows of " + str(year)', '"_ rows of " + str(year)'),
        ('f"loss ({part}) #1"', 'f"loss _{part}_ _1"'),
        ('f"loss {part}"', 'f"loss {part}"'),
    ],
)
def test_a_name_that_is_put_together_has_only_what_mlflow_allows(name: str, after: str) -> None:
    text = convert(f"from azureml.core import Run\n\nrun = Run.get_context()\nrun.log({name}, 1.5)\n").text
    assert f"mlflow.log_metric({after}, 1.5)" in text


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("'%s (%s)' % (part, kind)", '"%s _%s_" % (part, kind)'),
        ("'{} ({})'.format(part, kind)", '"{} _{}_".format(part, kind)'),
        ("'%d %s' % (step, part)", '"%d %s" % (step, part)'),
    ],
)
def test_a_name_that_is_formatted_has_only_what_mlflow_allows(name: str, allowed: str) -> None:
    assert f"mlflow.log_metric({allowed}, 1)" in convert(f"{HEAD}run.log({name}, 1)\n").text


@pytest.mark.parametrize(
    "value",
    ["[str(item) for item in found]", "line.split(',')", "['a', 'b']", "list(frame.columns)", "frame.columns.tolist()"],
)
def test_lists_of_texts_are_no_metrics(value: str) -> None:
    text = convert(f"{HEAD}names = {value}\nrun.log_list('names', names)\n").text
    assert text.endswith('mlflow.log_dict({"names": names}, "names.json")\n')


def test_what_an_object_of_the_workspace_is_called_by_is_a_text() -> None:
    text = convert(f'{HEAD}model = run.register_model("n", "outputs/m.pkl")\nrun.log("model", model.id)\n').text
    assert text.endswith('mlflow.log_text(f"{model.name}:{model.version}", "model.txt")\n')


def test_a_list_of_what_nobody_knows_is_assumed_to_have_numbers() -> None:
    found = convert(f"{HEAD}run.log_list('a', values)\n")
    messages = [finding.message for finding in found.findings if finding.symbol == "Run.log_list"]
    assert len(messages) == 1 and "assumed that the values are numbers" in messages[0]


@pytest.mark.parametrize(
    ("returned", "after", "is_known"),
    [
        ("json.dumps(rows)", 'mlflow.log_text(tell(rows), "answer.txt")', True),
        ("len(rows)", 'mlflow.log_metric("answer", tell(rows))', True),
        ("rows", 'mlflow.log_metric("answer", tell(rows))', False),
        ("tell(rows[1:]) + tell(rows[:1])", 'mlflow.log_metric("answer", tell(rows))', False),
    ],
)
def test_what_a_function_of_the_module_gives(returned: str, after: str, is_known: bool) -> None:
    found = convert(f"{HEAD}def tell(rows):\n    return {returned}\n\n\nrun.log('answer', tell(rows))\n")
    assert found.text.endswith(f"{after}\n")
    assert any("assumed" in finding.message for finding in found.findings) is not is_known


@pytest.mark.parametrize(
    ("value", "is_text"),
    [
        ("confusion_matrix(truth, found)", True),
        ("np.array([hits, misses])", True),
        ("forest.feature_importances_", True),
        ("f1_score(truth, found, average=None)", True),
        ("folds", True),
        ("truth.shape", True),
        ("table.describe()", True),
        ("line.coef_", True),
        ("line.coef_[0]", False),
        ("pd.DataFrame(rows)", True),
        ("x_test", True),
        ("folds.mean()", False),
        ("truth.shape[0]", False),
        ("len(x_test)", False),
        ('f1_score(truth, found, average="macro")', False),
        ("np.array(0.5)", False),
    ],
)
def test_an_array_is_logged_as_its_text_as_sdk_v1_did(value: str, is_text: bool) -> None:
    made = "folds = cross_val_score(model, rows, truth)\nx_train, x_test = train_test_split(rows)\n"
    found = convert(f"{HEAD}{made}run.log('scores', {value})\n")
    after = f'log_text(repr({value}), "scores.txt")' if is_text else f'log_metric("scores", {value})'
    assert f"mlflow.{after}" in found.text
    told = any("one number" in finding.message for finding in found.findings)
    assert told is is_text


@pytest.mark.parametrize("value", ["datetime.now()", "uuid.uuid4()", "type(model)", "begin"])
def test_a_thing_that_is_no_number_is_logged_as_its_text(value: str) -> None:
    text = convert(f"{HEAD}begin = datetime.date.today()\nrun.log('it', {value})\n").text
    assert f'mlflow.log_text(str({value}), "it.txt")' in text
