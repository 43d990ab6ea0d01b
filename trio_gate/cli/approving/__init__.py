"""Approving: the verbs of people who approve."""
