"""Hyperparameter sweeps: what to try, when to stop, which trial is the best."""
