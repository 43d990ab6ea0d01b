"""IAM: the actions that a call needs, and what the reviewed lists say about its meaning."""
