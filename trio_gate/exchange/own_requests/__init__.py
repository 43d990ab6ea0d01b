"""Requests to the gateway itself, at the own addresses of its listeners.

Rule: they are proven and limited like calls, by the same steps. What is asked for as a call, and a task, is stopped like one, too; what an
agent asks about itself is not, or it would never read that it is stopped.
"""
