"""Messaging: whether, where and how often a shopper may be written to."""
