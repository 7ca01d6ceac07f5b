"""The pure core: what is known of a shopper and what follows from it. No clock, no I/O, no broker."""
