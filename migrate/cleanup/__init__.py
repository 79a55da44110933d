"""What is done once the rules have decided: imports, code that nothing needs any more, and what must hold."""
