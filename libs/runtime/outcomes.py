"""What a stage returns for one message. With the three failures these are all the ways in which work can end."""

from dataclasses import dataclass

from libs.contracts.events import Event
from libs.contracts.reasons import Reason


@dataclass(frozen=True, slots=True)
class Emit:
    """The result is recorded; these events follow from it. None is fine: the result may need no further work."""

    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Drop:
    """The result is recorded and it is: nothing further, for this reason."""

    reason: Reason


Outcome = Emit | Drop
