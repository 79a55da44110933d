"""Parallel runs: mini batches of files or rows, scored by an entry script in several processes.

SDK v1's ParallelRunStep, SDK v2's parallel nodes and batch deployments of models all become a node of kind ``parallel``
with :class:`~amlbridge.engine.parallel.settings.ParallelSettings`. Its driver, ``main.py``, runs in the interpreter of
the step, which may lack amlbridge or have another version of it. So ``main.py`` loads this folder as a package of
another name; what it loads is standard library only, runs on Python 3.8, and imports its neighbours relatively.
"""
