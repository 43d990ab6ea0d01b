"""Metrics: what is counted for monitoring, under which names, and how requests are counted."""
