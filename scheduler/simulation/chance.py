"""Chance that can be repeated: each draw has a name, and the same seed and name give the same draw in any order."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws for one ``seed``. What is asked first does not matter, so that one more question moves no other answer."""

    seed: str

    def of(self, *names: object) -> Chance:
        """The draws of something inside, such as one patient's."""
        return Chance("/".join([self.seed, *map(str, names)]))

    def share(self, *names: object) -> float:
        """A number from 0 up to, not including, 1; evenly spread."""
        digest = hashlib.blake2b("/".join([self.seed, *map(str, names)]).encode(), digest_size=8).digest()
        # 53 bits are what a float can hold without rounding up to 1.
        return (int.from_bytes(digest) >> 11) / (1 << 53)

    def happens(self, probability: float, *names: object) -> bool:
        """Whether something of that probability happens."""
        return self.share(*names) < probability

    def pick(self, choices: Sequence[T], *names: object) -> T:
        """One of the choices, each as likely as any other."""
        return choices[int(self.share(*names) * len(choices))]

    def between(self, first: int, last: int, *names: object) -> int:
        """A whole number from ``first`` to ``last``, both included."""
        return first + int(self.share(*names) * (last - first + 1))

    def days(self, median: float, most: int, *names: object) -> int:
        """A wait in whole days, 1 to ``most``: many short ones, few long ones, half of them up to ``median``."""
        waited = -math.log2(1 - self.share(*names)) * median
        return min(most, max(1, round(waited)))
