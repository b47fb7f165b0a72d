"""A raw file, found in a folder, becomes numbered records of text fields."""
