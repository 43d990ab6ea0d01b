"""Text as people and machines may read it: what may be shown, what is a secret."""
