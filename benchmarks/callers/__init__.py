"""Written callers, each of whom wants something, played against the conversation by a machine.

    persona.py   a caller as its file writes it, and the file's checks
    moments.py   the times that a caller means, says and hears
    caller.py    what the caller says next, seeing what the bot asks and hearing what it says
    phones.py    the conversation: in this process on a clock of its own, or over HTTP
    play.py      one call, and all of them
    judge.py     whether a call was right, and what went wrong
    table.py     the table and the conversations in print

`*.toml` beside this are the callers, `business/` what businesses they ring. docs/callers.md tells
how a caller is written.
"""
