"""Wiring: the verbs that make, of the configuration, the environment and profiles by which an agent's programs find the gateway."""
