"""What both certificates are made of."""
