"""The collector: an HTTP service in front of the clickstream. What clients' SDKs send becomes calls on the log."""
