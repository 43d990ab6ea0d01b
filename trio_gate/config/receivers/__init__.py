"""Receivers: where the people of an approver learn of calls that wait for them."""
