"""What profiles will cost, before they are paid for: what is left to do, a probe, the plan."""
