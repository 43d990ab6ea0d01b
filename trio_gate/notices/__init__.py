"""Notices: the messages about calls that wait. They decide nothing: their link leads to where people sign in."""
