"""What is asked of the code of a module: objects, variables, lists and names."""
