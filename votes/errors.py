"""The one error that the voting rules raise."""


class VotingError(ValueError):
    """A ballot, a count or a rule that is refused.

    `code` is stable and meant for programs, `message` is an English sentence, `details` holds the
    values that the refusal is about.
    """

    def __init__(self, code: str, message: str, **details: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
