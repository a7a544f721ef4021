"""A simulated phone: the provider of a call, and its caller.

It is a client of the server's webhook, WebSocket and console.
"""
