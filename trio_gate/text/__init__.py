"""Text: what may be shown to people, and what is a secret."""
