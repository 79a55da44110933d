"""``python -m amlbridge.migrate.signatures``: makes both tables from the installed packages."""

from __future__ import annotations

from amlbridge.migrate.signatures import generate, table


def main() -> None:
    """Writes the tables beside this module."""
    table.V1.write_text(generate.v1(), "utf-8")
    table.V2.write_text(generate.v2(), "utf-8")


if __name__ == "__main__":
    main()
