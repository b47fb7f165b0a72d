"""The files between stages: their schemas, where they come from, how they are written whole and read with care."""
