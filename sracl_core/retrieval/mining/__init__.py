"""The candidate pools of all keys."""
