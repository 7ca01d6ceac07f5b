"""What a topology publishes, told to those who consume it: an AsyncAPI document, and the same as a page."""
