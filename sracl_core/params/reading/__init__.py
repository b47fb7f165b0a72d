"""How params.yaml is read: the file, a section of it, what is wrong with it, and what is not to be shown."""
