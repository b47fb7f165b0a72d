"""Full ranking, metrics and slices."""
