"""Abandonment: what was left behind, when to say so, and what an order makes of it."""
