"""What would keep a worker from running here: looked at, and told with what to do about it."""
