"""Credentials: the base key, the roles that it assumes, and STS."""
