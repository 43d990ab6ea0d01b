"""Whom a call gives access to."""
