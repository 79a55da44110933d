"""When schedules are due: recurrences, cron expressions, time zones."""
