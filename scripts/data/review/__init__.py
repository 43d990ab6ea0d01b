"""The review of operations: what the model proposes of each, what people decided, and the table of both."""
