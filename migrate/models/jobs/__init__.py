"""Jobs: commands with their arguments and settings, sweeps, AutoML, Spark; and the computes that they run on."""
