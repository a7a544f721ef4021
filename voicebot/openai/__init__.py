"""What every room needs that asks OpenAI, or a server that speaks its API.

account    the key, the addresses, the HTTP client
failures   what went wrong, as one of a dozen kinds
trouble    which exception is which kind
breaker    the breaker of each service
members    reading what they send, whatever it is
usage      what a call has used so far, and what that costs
metrics    all of it, for operators
"""
