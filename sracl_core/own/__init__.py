"""Texts and vectors that a team brings along."""
