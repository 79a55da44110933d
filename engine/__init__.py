"""What runs: Plan, scheduler, launchers, records and blobs. Knows neither HTTP nor Azure's DTOs."""
