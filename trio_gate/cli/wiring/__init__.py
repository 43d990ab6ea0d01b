"""Wiring: what an agent's environment and profiles hold, so that its programs find the gateway."""
