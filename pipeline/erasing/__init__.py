"""EDGE: asking for an erasure, and proving it."""
