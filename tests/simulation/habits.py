"""The habits of one schedule: how often what goes wrong, drawn from its seed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Habits:
    """Chances per passage of a place, per delivery, per send. Many are none: faults come alone as well as together."""

    hold: float = 0.0
    hold_anywhere: float = 0.0
    crash: float = 0.0
    crash_anywhere: float = 0.0
    cut: float = 0.0
    refuse: float = 0.0
    straggle: float = 0.0
    feed_down: float = 0.0
    double: float = 0.0
    shuffle: float = 0.0
    lose: float = 0.0
    rewind: float = 0.0
    poison: float = 0.0
    restart: float = 0.0
    rebuild: float = 0.0
    sweep: float = 0.1
    resume: float = 0.3
    """How soon what is held goes on."""
    haste: float = 0.5
    """How much sooner a client acts than anything follows: 0 waits for followers, 1 leaves them behind."""

    @classmethod
    def drawn(cls, chance: Random) -> Habits:
        """Draw habits: each fault is left out in half of the schedules."""

        def some(*rates: float) -> float:
            rate = chance.choice(rates)
            return rate if chance.random() < 0.5 else 0.0

        return cls(
            hold=some(0.05, 0.2, 0.5),
            hold_anywhere=some(0.01, 0.03, 0.1),
            crash=some(0.005, 0.02, 0.05),
            crash_anywhere=some(0.001, 0.003, 0.01),
            cut=some(0.005, 0.02, 0.05),
            refuse=some(0.05, 0.2),
            straggle=some(0.1, 0.5),
            feed_down=some(0.02, 0.2),
            double=some(0.05, 0.3),
            shuffle=some(0.05, 0.3),
            lose=some(0.02, 0.1),
            rewind=some(0.02, 0.1),
            poison=some(0.05, 0.2),
            restart=some(0.002, 0.01),
            rebuild=some(0.02, 0.1),
            sweep=chance.choice((0.02, 0.1, 0.3)),
            resume=chance.choice((0.05, 0.15, 0.3)),
            haste=chance.choice((0.1, 0.5, 0.9)),
        )

    def __str__(self) -> str:
        """Return those that are not zero."""
        return ", ".join(f"{name} {value:g}" for name, value in asdict(self).items() if value)
