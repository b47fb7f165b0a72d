"""The ground floor that every stage runs: errors, what may be shown of the outside, how a run begins and ends."""
