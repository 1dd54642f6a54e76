"""``make bench``: all groups in one run, or those named: ``python -m bench planning``."""

from __future__ import annotations

import sys

from bench import calendars, planning, recording, startup, sweeping

GROUPS = {
    "planning": planning.rows,
    "recording": recording.rows,
    "startup": startup.rows,
    "calendars": calendars.rows,
    "sweeping": sweeping.rows,
}


def main(names: list[str]) -> int:
    """Prints the groups named, or all."""
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        print(f"There is no benchmark '{unknown[0]}'. Known: {', '.join(GROUPS)}.", file=sys.stderr)
        return 2
    for name in names or GROUPS:
        print(f"{name} (median, and ratio to the first line of each kind)")
        for row in GROUPS[name]():
            print(row.text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
