"""Sentence encoders: one module each, with its PLUGIN."""
