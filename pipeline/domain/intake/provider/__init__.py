"""Providers that send messages, and tell by webhook what became of them: each one's shapes, a file each."""
