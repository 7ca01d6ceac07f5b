"""Failures that a user can do something about."""


class Failure(Exception):
    """Ends a command with one clear sentence that says what to do, without a traceback.

    exit_code: 1 = the work could not be done, 2 = wrong arguments, settings or topology.
    """

    def __init__(self, sentence: str, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
