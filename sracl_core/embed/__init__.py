"""Text to unit vectors with a frozen encoder."""
