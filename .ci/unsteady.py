"""Judge the tests that failed and then passed: `python .ci/unsteady.py [LASTFAILED ...]`.

LASTFAILED is pytest's `lastfailed` of a run whose failures all passed when run again. The exit
status is 1 when a test in it is not in `quarantine.toml`, or when that list is not in order.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

QUARANTINE = Path(__file__).with_name("quarantine.toml")
MOST = 5
LONGEST = timedelta(days=30)


def complaints(entries: Sequence[Mapping[str, object]], today: date) -> Iterator[str]:
    """Yield what is wrong with the quarantine list itself."""
    if len(entries) > MOST:
        yield f"{len(entries)} tests are in quarantine, at most {MOST} may be: mend some"
    for entry in entries:
        name, since, reason = (entry.get(key) for key in ("id", "since", "reason"))
        if not isinstance(name, str) or not isinstance(since, date) or not reason:
            yield f"a test in quarantine needs id, since (a date) and reason: {dict(entry)}"
        elif today - since > LONGEST:
            yield f"in quarantine since {since}, mend it now: {name}"


def main(lists: Sequence[str]) -> int:
    """Print what is wrong; return the exit status."""
    entries = tomllib.loads(QUARANTINE.read_text("utf-8")).get("test", [])
    wrong = list(complaints(entries, date.today()))
    known = {entry.get("id"): entry for entry in entries}
    for name in (name for file in lists for name in json.loads(Path(file).read_text("utf-8"))):
        if name in known:
            print(f"== unsteady, in quarantine since {known[name].get('since')}: {name}")
        else:
            wrong.append(f"failed, and passed when run again: {name}")
    for line in wrong:
        print(f"== {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
