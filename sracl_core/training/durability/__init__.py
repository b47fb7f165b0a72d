"""What makes a training survive: checkpoints, interrupts, numbers that are none, memory that does not suffice."""
