"""Archives: history as vendors keep it, in files, made the calls that the collector makes of the same actions."""
