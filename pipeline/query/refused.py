"""Answers other than 200, as exceptions."""


class Refused(Exception):
    """status, code and message of the answer. retry_after: seconds, 0 = asking again does not help."""

    def __init__(self, status: int, code: str, message: str, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


class Elsewhere(Exception):
    """Another worker has it. url: of its query API."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


def unavailable(code: str, message: str) -> Refused:
    return Refused(503, code, message, 1)
