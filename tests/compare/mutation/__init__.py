"""Faults and harmless changes in a migrated pipeline."""
