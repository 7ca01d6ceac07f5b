"""What an event says of the shopper itself: consent, traits, and where the shopper lives."""

from typing import Any

from pipeline.domain.decision import Moment
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.messaging.consent_book import ConsentBook
from pipeline.domain.messaging.contact import hear
from pipeline.domain.reading import Reading
from pipeline.domain.readings import Readings
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.segments.segment import CONSENT, ZONE
from pipeline.domain.shopper import Shopper
from pipeline.domain.trait import fold_traits


class Acquaintance:
    """Takes it in, and says what has to be looked at for it."""

    def __init__(self, plan: Plan, conditions: Conditions, readings: Readings) -> None:
        self._conditions, self._readings = conditions, readings
        self.consents = ConsentBook(plan.consent)
        self._zones = conditions.zones

    def hears(self, shopper: Shopper, event: Event, late: bool) -> bool:
        """Take in the language that the event tells; whether it tells anything else that has to be looked at, beside
        what its name says."""
        if event.locale and not late:
            hear(shopper, event)
        if event.consents or event.device:
            return True
        zones = self._zones if event.timezone and not late else None
        return zones is not None and not zones.confirms(shopper, event)

    def heed(
        self, shopper: Shopper, event: Event, reading: Reading, properties: dict[str, Any], moment: Moment
    ) -> Reading:
        """Take in what the event says of consent; what has to be done if a category or a device moves that, else
        `reading`."""
        if reading.consent:
            self.consents.on_event(shopper, event, properties, moment)
        moved = bool(event.consents) and self.consents.on_categories(shopper, event, moment)
        if event.device:
            moved |= self.consents.on_device(shopper, event)
        return self._readings.wider(reading, CONSENT) if moved else reading

    def know(self, shopper: Shopper, event: Event, reading: Reading, remarks: list[str]) -> Reading:
        """Take in what the event says of the shopper; what has to be done if that moves the zone, else `reading`."""
        zones = self._zones
        if zones is not None and not reading.traits and zones.confirms(shopper, event):
            return reading
        before = zones.of(shopper) if zones is not None else None
        if reading.traits:
            fold_traits(shopper, event, remarks, self._conditions.asked)
        if zones is None or before is None:
            return reading
        if event.timezone:
            zones.take(shopper, event, remarks)
        if zones.of(shopper).key == before.key:
            return reading
        return self._readings.wider(reading, ZONE)
