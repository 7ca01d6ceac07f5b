"""Names of rules, which stand in outputs."""

from typing import Annotated

from pydantic import Field

# readings.md, 1
RULE_NAME = r"^[a-z][a-z0-9_-]{0,63}$"
HOW_TO_NAME = "is no name: lower-case letters, digits, - and _, a letter first, at most 64"

RuleName = Annotated[str, Field(pattern=RULE_NAME)]
