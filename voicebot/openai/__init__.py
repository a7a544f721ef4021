"""Shared parts of all OpenAI clients, also for servers that speak its API.

account     the key, the addresses, the HTTP client
failures    the kinds of failure
exceptions  which exception is which kind of failure
breaker     the breaker of each service
usage       what a call has used so far, its cost and its cap
metrics     metrics of all of it
"""
