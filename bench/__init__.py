"""Measures, side by side in one run: ours, the floor below it, and peers. ``python -m bench`` writes RESULTS.md."""
