"""Profiles of items and users, in text: requests, engines, the answer store."""
