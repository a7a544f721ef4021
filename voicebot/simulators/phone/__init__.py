"""A simulated phone: the provider that carries a call, and the caller who makes it.

A client only: it meets the server at its webhook, its WebSocket and the staff's console.
"""
