"""Routing: finds the operation of a request, by its protocol."""
