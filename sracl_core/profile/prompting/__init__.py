"""What an engine is told of items and histories, and which engine that is."""
