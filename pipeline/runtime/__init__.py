"""The deterministic runtime: batches in, one checkpoint out; everything that touches the world comes in as a port."""
