"""Identity: how an anonymous id becomes a known shopper's, and what then becomes of its state."""
