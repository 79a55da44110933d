"""The ``amlbridge`` command."""
