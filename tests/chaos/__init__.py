"""Breaking things on purpose: whatever dies and whenever, no answer is lost.

python -m tests.chaos --trials 1000      the long form (`make chaos`)

plan      a seed becomes calls and troubles           stage      real processes to break
faults    the troubles, as blocks                     phone      callers at the other end
worker    the stream worker, observed                 trial      one plan on one stage
trace     what the conversation was told is saved     invariants what must then be stored
"""
