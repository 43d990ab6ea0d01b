"""Rules and their conditions: facets in, a decision out."""
