"""What is minimised beside the recommendation loss: one module an objective, and what several of them share."""
