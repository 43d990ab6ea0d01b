"""Facets, the vocabulary of rules: which facts about a call exist, and their values."""
