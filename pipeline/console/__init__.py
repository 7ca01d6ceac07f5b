"""The console: a page that shows what is decided as it is decided, and what is known of a shopper."""
