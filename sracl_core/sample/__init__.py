"""The built-in data set: a generated catalogue with text, and shoppers whose tastes it shows."""
