"""The rank of a target among all items, and what is counted of ranks."""
