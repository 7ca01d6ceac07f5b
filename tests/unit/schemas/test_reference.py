"""docs/contracts.md is what the contracts say."""

from schemas.reference import DOCUMENT, MARKS, fields_of_topics, replaced


def test_the_documentation_holds_the_fields() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert replaced(text, MARKS, fields_of_topics()) == text, "run python -m schemas.reference"
