"""Connections: sockets, TLS, and limits on both."""
