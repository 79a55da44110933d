"""Metrics by Azure's names: what they are called, which way is better, and how they are computed."""
