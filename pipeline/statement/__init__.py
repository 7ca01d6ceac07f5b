"""Statements of account: the entries of a shopper's points as the outputs tell them, and whether they add up."""
