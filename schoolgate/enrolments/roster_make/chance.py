"""Draws from one seeded stream, by the few operations that the maker needs."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Weighted(Generic[Thing]):
    """Things with weights, of which one is drawn."""

    def __init__(self, *things: tuple[Thing, float]) -> None:
        self.things = [thing for thing, _ in things]
        self.bounds = list(accumulate(weight for _, weight in things))


class Chance:
    """The only source of randomness of a roster; everything is drawn from its one stream, in one order."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  (nothing secret is drawn)
        self.share = self._random.random

    def happens(self, probability: float) -> bool:
        return self.share() < probability

    def below(self, end: int) -> int:
        """A whole number from 0 to end - 1."""
        return int(self.share() * end)

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + self.below(high - low + 1)

    def pick(self, things: Sequence[Thing]) -> Thing:
        return things[self.below(len(things))]

    def weighted(self, things: Weighted[Thing]) -> Thing:
        at = self.share() * things.bounds[-1]
        return next(thing for thing, bound in zip(things.things, things.bounds, strict=True) if at < bound)

    def day(self, first: date, days: int) -> date:
        """One of so many days from the first on."""
        return first + timedelta(days=self.below(days))

    def log_normal(self, spread: float) -> float:
        """Around 1."""
        return self._random.lognormvariate(0, spread)

    def skewed(self, mean: float, most: float) -> float:
        """A share with this mean, never above ``most``, uneven on purpose."""
        return min(most, self._random.betavariate(0.8, 0.8 * (1 - mean) / mean))
