"""What is refused here, with its code and its words."""

from app.kit.errors import DomainError


class TakesNoObjections(DomainError):
    status, code = 409, "takes_no_objections"
    zh, en = "这份公示不接受异议", "Objections to this notice are not possible"


class ObjectionTermOver(DomainError):
    status, code = 409, "objection_term_over"
    zh, en = "公示期已满，不再接受异议", "The term for objections has ended"


class ResultIsFinal(DomainError):
    """A tally is what the ballots say, and a list or a vote that has begun is a fact."""

    status, code = 409, "result_is_final"
    zh, en = (
        "题单、投票和计票的公示不能这样更改",
        "A notice of a list, vote or tally cannot be changed like this",
    )
