"""Scores the rows of a table: the rows come back with the kind of the flower."""

import joblib
from azureml.core import Model
from azureml_user.parallel_run import EntryScript
from score_files import KINDS


def init():
    global model
    model = joblib.load(Model.get_model_path("iris-parallel"))
    EntryScript().logger.info("the model is loaded")


def run(mini_batch):
    kinds = [KINDS[kind] for kind in model.predict(mini_batch.to_numpy())]
    return mini_batch.assign(kind=kinds)
