"""Schedules of SDK v2: jobs that are submitted at times."""
