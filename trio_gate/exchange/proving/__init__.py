"""Whose request it is, as far as its connection and its tokens prove it; signatures are verified in `signing`."""
