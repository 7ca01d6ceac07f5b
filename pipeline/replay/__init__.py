"""Replay: files of events through the engine, in process and without a broker, to files of decisions."""
