"""The codemod: SDK v1 code becomes SDK v2 code. Needs the base install only, and no Azure package."""
