"""Certificates: our authority, the leaves it makes, and the roots that are trusted."""
