"""Connections to AWS: the pool, one connection, and how it is made."""
