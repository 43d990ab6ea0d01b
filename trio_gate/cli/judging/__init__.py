"""Judging without a gateway: what a configuration means, and what its rules decide of requests."""
