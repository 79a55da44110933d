"""Runs: what code asks of them, and logs."""
