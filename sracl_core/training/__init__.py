"""Training: samples, steps, the loop, early stopping."""
