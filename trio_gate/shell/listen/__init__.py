"""Listeners: the three ways in for agents, and what is done with a connection."""
