"""What a training reads of retrieval."""
