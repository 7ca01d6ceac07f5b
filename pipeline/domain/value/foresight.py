"""How far ahead of an explanation a change is looked for."""

from pipeline.domain.value.instant import DAY

# ms: a condition on the month of now never comes to rest, nor do birthdays.
FORESIGHT = 3_660 * DAY
