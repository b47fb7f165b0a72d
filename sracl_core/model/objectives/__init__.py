"""Training objectives: what is minimised, whatever the backbone and the way prefixes become samples."""
