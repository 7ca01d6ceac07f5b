"""Experiments: what is read off exposures and conversions."""
