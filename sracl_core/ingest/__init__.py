"""From raw logs and catalogues to numbered interactions, items, users and split sequences."""
