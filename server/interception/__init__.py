"""Real host names answered from this machine: hosts of mapped URLs, and with ``--intercept`` those of Azure."""
