"""Commands at a terminal of their own: what is shown there, as it is shown, and what keys do."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The terminal becomes the process's own once it is opened by its name, so that its keys are signals.
COMMAND = "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); import cli; sys.exit(cli.main())"
CTRL_C, END = b"\x03", b"\x04"
ASKED = b"Record this? [y/N]: "
# Long enough for a machine that does other things too.
PATIENCE = 120


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command gave: its exit code, and all that its terminal showed."""

    code: int
    text: str

    @property
    def lines(self) -> list[str]:
        """The lines as they stand at the end: what was drawn over is gone."""
        return [line.rsplit("\r", 1)[-1] for line in self.text.replace("\r\n", "\n").split("\n")]


def at_terminal(*arguments: str, keys: bytes = b"", columns: int = 80, stdin: int | None = None) -> Shown:
    """Runs a command at a terminal of so many columns; once it asks, these keys are pressed."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "NO_COLOR": "1"}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND if stdin is None else "import sys, cli; sys.exit(cli.main())", *arguments],
        stdin=theirs if stdin is None else stdin,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env=environment,
    )
    os.close(theirs)
    try:
        text = _read(ours, keys)
        return Shown(process.wait(PATIENCE), text)
    finally:
        os.close(ours)
        if process.poll() is None:
            process.kill()
            process.wait()


def _read(terminal: int, keys: bytes) -> str:
    shown, pressed, end = b"", False, time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 1)[0]:
            if pressed and keys == CTRL_C:
                # A signal between the prompt and the wait for a key is seen by nobody, who then presses it again.
                os.write(terminal, keys)
            continue
        try:
            more = os.read(terminal, 65536)
        except OSError:  # nobody has it open any more
            break
        if not more:
            break
        shown += more
        if ASKED in shown and not pressed:
            os.write(terminal, keys)
            pressed = True
    return shown.decode()
