"""Approving: the verbs of people who approve, and their way to the gateway."""
