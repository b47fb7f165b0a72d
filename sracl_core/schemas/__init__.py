"""The columns of every Parquet file between stages, one module for those that are read together.

Ids: items are 1 … n_items (0 is padding and never a row), users 0 … n_users−1 and prefixes 0 … n_prefixes−1; each is
the row's place in its own table. All indices into a sequence count from 0, and ends are exclusive.
"""
