"""Timing that can be compared: interleaved rounds, the median of them, and ratios pair by pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from subprocess import DEVNULL, run
from time import perf_counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the report: what was measured, its median in seconds, and its ratio to the floor of its group."""

    name: str
    seconds: float
    ratio: float
    aim: float | None = None

    def text(self) -> str:
        """The line as printed; a missed aim is marked."""
        speed = f"{self.seconds * 1e6:10.1f} µs" if self.seconds < 0.01 else f"{self.seconds * 1e3:10.1f} ms"
        aim = "" if self.aim is None else f"   aim {self.aim:g}{'' if self.ratio <= self.aim else '   MISSED'}"
        return f"  {self.name:<50}{speed}{self.ratio:8.2f}{aim}"


def in_process(work: Callable[[], object], floor: Callable[[], object], rounds: int = 15) -> tuple[float, float]:
    """The medians, in seconds a call, of some work and of its floor, measured in turn."""
    times = [(_once(work), _once(floor)) for _ in range(rounds)]
    return median(pair[0] for pair in times), median(pair[1] for pair in times)


def _once(work: Callable[[], object], least: float = 0.02) -> float:
    calls = 1
    while True:
        start = perf_counter()
        for _ in range(calls):
            work()
        spent = perf_counter() - start
        if spent >= least:
            return spent / calls
        calls *= 4


def processes(commands: Sequence[Sequence[str]], rounds: int = 15) -> list[float]:
    """The medians in seconds of whole processes, run in turn after a warm-up round."""
    times: list[list[float]] = [[] for _ in commands]
    for number in range(rounds + 1):
        for place, command in enumerate(commands):
            start = perf_counter()
            run(command, stdout=DEVNULL, stderr=DEVNULL, check=True)
            if number:
                times[place].append(perf_counter() - start)
    return [median(found) for found in times]
