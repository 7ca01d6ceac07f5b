"""EDGE: the query API. What a worker knows of its shoppers, over HTTP, from its stores and the public topics."""
