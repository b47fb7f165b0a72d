"""The commands of `sracl`, one module each; heavy libraries are imported inside the command that needs them."""
