"""Sequence encoders, one module each; see `backbone.py` one floor up for what they promise."""
