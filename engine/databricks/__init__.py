"""Runs on Databricks: SDK v1's DatabricksStep, whose work is done by the workspace that the user has attached."""
