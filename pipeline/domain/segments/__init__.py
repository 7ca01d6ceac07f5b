"""Segments: conditions over what a shopper did, exact windows, and the instants at which they change."""
