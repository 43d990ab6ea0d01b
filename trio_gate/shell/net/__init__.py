"""Connections: sockets, TLS on them, and who may have how many."""
