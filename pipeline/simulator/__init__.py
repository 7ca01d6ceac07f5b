"""Simulator: believable traffic of a shop, the same for the same seed."""
