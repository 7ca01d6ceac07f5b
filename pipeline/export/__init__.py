"""EDGE: all that is known of one shopper, as data."""
