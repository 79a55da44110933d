"""The script that a step of kind automl runs; alone in its folder, which is the first of its search path."""
