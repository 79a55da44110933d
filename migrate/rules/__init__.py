"""The rules: one file each. See ``migrate/registry.py`` for how to write one."""
