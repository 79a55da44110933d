"""MLflow's REST API on the records of a workspace: runs, experiments, models, logged models.

Its requests and answers are those of MLflow's service.proto and model_registry.proto (Apache-2.0, 2.18 to 3.15), sent
by ``RestStore`` of the MLflow client to ``{tracking URI}/api/2.0/mlflow/…``.
"""
