"""Intake: what clients put on the wire, made into canonical events or refused with a reason."""
