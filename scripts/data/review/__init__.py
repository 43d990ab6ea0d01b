"""The review of operations: what the models propose for each, what people decided, and the table made from both."""
