"""Profiles of a whole run: asked for, taken from the store, written."""
