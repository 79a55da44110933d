"""Pipelines: their steps in order, and the code that puts them together."""
