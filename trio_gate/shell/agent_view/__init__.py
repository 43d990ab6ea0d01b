"""Answers to what agents ask about themselves, and what of them is on disk."""
