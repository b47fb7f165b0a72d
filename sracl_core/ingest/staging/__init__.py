"""Records of raw files as tables: checked, with ids and moments read."""
