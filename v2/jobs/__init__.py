"""Jobs of SDK v2: how they are read, lowered to a Plan, submitted, shown and followed."""
