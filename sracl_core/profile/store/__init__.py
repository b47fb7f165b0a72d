"""Answers that were paid for: the store, and the journals of those who write to it."""
