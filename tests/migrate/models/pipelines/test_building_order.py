"""Steps that are made at run time, and that wait for each other."""

from __future__ import annotations

import pytest

from tests.migrate.models.pipelines.test_building import LOOP, done, left, step

_WAITS = '"after_1": Input(type="uri_folder", optional=True)'


def test_each_step_of_a_loop_waits_for_the_one_before() -> None:
    text = done(
        f"""\
steps = []
last = None
for region in regions:
    step = {step("train", "region")}
    if last is not None:
        step.run_after(last)
    last = step
    steps.append(step)
pipeline = Pipeline(ws, steps=steps)
"""
    )
    assert "def pipeline(): last = None for region in regions:" in text
    assert _WAITS in text and 'outputs={"order_token": Output(type="uri_folder")}' in text
    assert "&& echo done >" in text
    assert "if last is not None: step.inputs.after_1 = last.outputs.order_token last = step" in text


def test_a_first_step_that_all_of_a_loop_wait_for() -> None:
    text = done(
        f"""\
first = {step("prepare", "'all'")}
steps = [first]
for region in regions:
    step = {step("train", "region")}
    step.run_after(first)
    steps.append(step)
pipeline = Pipeline(ws, steps=steps)
"""
    )
    prepare, train = text.split("for region in regions:")
    assert _WAITS not in prepare and "order_token" in prepare
    assert _WAITS in train and "outputs={" not in train
    assert "step.inputs.after_1 = first.outputs.order_token" in train


@pytest.mark.parametrize(
    "order",
    [
        "for one in steps:\n    last.run_after(one)\n",  # as many inputs as there are steps
        "last.run_after(find(steps))\n",
        "for number in range(1, len(steps)):\n    steps[number].run_after(steps[number - 1])\n",
    ],
)
def test_what_a_component_cannot_say_stays(order: str) -> None:
    code = LOOP.replace("pipeline =", f"last = {step('end', '1')}\n{order}steps.append(last)\npipeline =")
    assert "order of steps" in left(code)


def test_steps_of_a_comprehension_stay_with_what_orders_them() -> None:
    order = "for one, other in zip(steps, steps[1:]):\n    other.run_after(one)\n"
    listed = f"steps = [{step('train', 'region')} for region in regions]\n"
    assert "order of steps" in left(f"{listed}{order}pipeline = Pipeline(ws, steps=steps)\n")
