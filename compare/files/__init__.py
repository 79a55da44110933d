"""Files and folders, each by what it holds."""
