"""Source text: its bytes and its spans, what is edited in it and how new code is laid out."""
