"""Parameters: the content of a request, read by the model of its operation."""
