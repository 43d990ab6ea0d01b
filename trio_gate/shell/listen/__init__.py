"""Listeners: the three ways in for agents, and the conversation on a connection."""
