"""Seeded numbers and plausible courses: what the demo's values are made of.

What lives here: pure arithmetic (draws, courses, exact splits). Which element takes which course
is data (`courses.csv`) read by `filling`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

_NORMAL = NormalDist()


@dataclass(frozen=True)
class Draw:
    """Random numbers that depend on a seed and on names only, never on the order of asking."""

    seed: int

    def unit(self, *names: object) -> float:
        """A number in [0, 1) of these names."""
        text = "\x1f".join(map(str, (self.seed, *names))).encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest()) / 2**56

    def between(self, low: float, high: float, *names: object) -> float:
        """A number in [low, high) of these names."""
        return low + (high - low) * self.unit(*names)

    def whole(self, low: int, high: int, *names: object) -> int:
        """A whole number from low to high, both possible."""
        return low + int(self.unit(*names) * (high - low + 1))

    def noise(self, spread: float, *names: object) -> float:
        """A factor around 1: normal of this spread, cut at two spreads."""
        drawn = _NORMAL.inv_cdf(min(max(self.unit(*names), 0.0228), 0.9772))
        return 1.0 + spread * drawn


def geometric(start: float, end: float, fraction: float) -> float:
    """The value a steady rate of growth reaches after a fraction of the way.

    A course that begins at nothing is a straight line.
    """
    if start <= 0 or end <= 0:
        return start + (end - start) * fraction
    return float(start * (end / start) ** fraction)


def through(anchors: Sequence[tuple[float, float]], position: float) -> float:
    """The value at a position of the course that grows steadily from anchor to anchor.

    Before the first and after the last anchor the course keeps the rate of the nearest leg.
    """
    if len(anchors) == 1:
        return anchors[0][1]
    legs = list(pairwise(anchors))
    for leg in legs:
        if position <= leg[1][0]:
            break
    (left, low), (right, high) = leg
    return geometric(low, high, (position - left) / (right - left))


def split(total: int, weights: Sequence[float]) -> list[int]:
    """Whole parts of a whole total in proportion to weights; the parts add up exactly.

    Largest remainder; equal remainders go to the earlier part. Without any weight the first part
    takes all.
    """
    whole = sum(weights)
    if whole <= 0:
        return [total] + [0] * (len(weights) - 1)
    shares = [total * weight / whole for weight in weights]
    parts = [int(share) for share in shares]
    order = sorted(range(len(parts)), key=lambda place: (parts[place] - shares[place], place))
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return parts
