"""A naive second opinion on every decision: it keeps whole histories and recomputes from them at every instant.

Written from the design pages alone; it shares no code with `pipeline`. Slow by intent.
"""
