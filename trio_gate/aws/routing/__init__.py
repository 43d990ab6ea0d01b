"""Routing: which operation a request is, by its protocol."""
