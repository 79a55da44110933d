"""Notebooks: their cells as one module, the lines that are no Python, and the files that cells write."""
