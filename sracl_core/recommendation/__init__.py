"""Recommendation losses, one module each; see `protocol.py` for what they promise."""
