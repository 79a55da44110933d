"""What a traced script has submitted, written as code of SDK v2."""
