"""AutoML: searches for the model of a table, as a driver that runs in a step of its own."""
