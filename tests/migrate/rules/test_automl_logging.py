"""Logging of AutoML's scoring scripts; the case of the rule is checked in test_cases.py."""

from __future__ import annotations

from tests.migrate.rules.support import convert


def test_a_try_with_nothing_but_telemetry_goes() -> None:
    found = convert(
        "from azureml.automl.core.shared import log_server\nfrom azureml.telemetry import INSTRUMENTATION_KEY\n"
        "try:\n    log_server.enable_telemetry(INSTRUMENTATION_KEY)\nexcept Exception:\n    pass\nprint(1)\n"
    )
    assert found.text == "print(1)\n"


def test_an_error_without_a_logger_and_with_a_text() -> None:
    text = convert(
        "from azureml.automl.core.shared.logging_utilities import log_traceback\n"
        'log_traceback(e, None, override_error_msg="bad")\n'
    ).text
    assert text.endswith('logging.error("bad", exc_info=True)\n') and "azureml" not in text


def test_a_function_of_another_library_stays() -> None:
    text = "import transformers\ntransformers.logging.set_verbosity(10)\n"
    assert convert(text).text == text


def test_data_collection_of_deployments_is_of_sdk_v2() -> None:
    text = 'from azureml.ai.monitoring import Collector\n\ninputs = Collector(name="x")\ninputs.collect(table)\n'
    found = convert(text)
    assert found.text == text and not found.findings
