"""How large a deployment has to be, reckoned from what was measured: `afterclick sizing`, docs/sizing.md."""
