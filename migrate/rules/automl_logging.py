"""Logging of AutoML's scoring scripts: what told Microsoft goes, what is logged goes to Python's logging.

The scoring script that AutoML of SDK v1 wrote beside a model sends its log with ``log_server``. A deployment of SDK v2
keeps what its script logs, so Python's own logging is enough: ``log_traceback`` becomes ``logger.error`` with the
traceback.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "automl-logging",
    __doc__,
    cases=[
        Case(
            """\
import logging
import joblib
from azureml.automl.core.shared import log_server, logging_utilities
from azureml.telemetry import INSTRUMENTATION_KEY

log_server.enable_telemetry(INSTRUMENTATION_KEY)
log_server.set_verbosity("INFO")
logger = logging.getLogger("azureml.automl.core.scoring_script")

def init():
    global model
    log_server.update_custom_dimensions({"model_name": NAME})
    try:
        model = joblib.load(PATH)
    except Exception as e:
        logging_utilities.log_traceback(e, logger)
        raise
""",
            """\
import logging
import joblib

logging.getLogger("azureml").setLevel("INFO")
logger = logging.getLogger("azureml.automl.core.scoring_script")

def init():
    global model
    try:
        model = joblib.load(PATH)
    except Exception as e:
        logger.error(e, exc_info=True)
        raise
""",
        )
    ],
)

_PACKAGES = ("azureml.automl", "azureml.telemetry")
_OWN = "log it with Python's logging: a deployment keeps what its script logs"


@rule.converts("enable_telemetry", "update_custom_dimensions")
def telemetry(use: Use, to: Rewriter) -> Outcome:
    """What only Microsoft's telemetry has goes."""
    if _logs_alone(use):
        return Statements("")
    return Leave(_OWN)


@rule.converts("set_verbosity")
def verbosity(use: Use, to: Rewriter) -> Outcome:
    """The level of the loggers of AutoML."""
    level = use.argument("verbosity", position=0) if use.call is not None else None
    if level is None or not use.module.startswith(_PACKAGES):
        return Leave(_OWN)
    return Replace(f'{to.need_module("logging")}.getLogger("azureml").setLevel({to.source(level)})')


@rule.converts("log_traceback")
def traceback(use: Use, to: Rewriter) -> Outcome:
    """An error and where it came from."""
    if use.call is None or not use.module.startswith(_PACKAGES):
        return Leave(_OWN)
    error, logger = use.argument("exception", position=0), use.argument("logger", position=1)
    message = use.argument("override_error_msg", position=2)
    if error is None:
        return Leave(_OWN)
    where = to.source(logger) if logger is not None else to.need_module("logging")
    if isinstance(logger, ast.Constant):  # None
        where = to.need_module("logging")
    return Replace(f"{where}.error({to.source(message if message is not None else error)}, exc_info=True)")


def _logs_alone(use: Use) -> bool:
    return use.is_statement and use.call is not None and use.module.startswith(_PACKAGES)
