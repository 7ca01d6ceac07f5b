"""Loyalty: the points ledger, the metric it adds up to, and the ladder of tiers."""
