"""The modules of a run together: who imports whom, and what they hand to each other."""
