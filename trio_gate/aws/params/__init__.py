"""Parameters: what a request says, read by the model of its operation."""
