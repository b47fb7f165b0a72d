"""What is checked of all that training is given."""
