"""Sign in, cast a 5-3-1 ballot in the open vote of one's compound, and check the receipt.

    python cast.py http://127.0.0.1:8000 CODE

CODE is what `wx.login` gives, or the stand-in for it. `yueyuetan_client` is made by

    openapi-python-client generate --url http://127.0.0.1:8000/api/v1/openapi.json \
        --meta none --output-path yueyuetan_client --config python.yaml
"""

import hashlib
import json
import secrets
import sys
from typing import TypeVar
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from yueyuetan_client import AuthenticatedClient, Client
from yueyuetan_client.api.agenda import list_sessions, read_session
from yueyuetan_client.api.ballots import cast_ballot, read_operator_key, read_turnout
from yueyuetan_client.api.people import log_in_with_wechat, read_me
from yueyuetan_client.models import (
    CastArgs,
    Login,
    MarkArgs,
    Me,
    OperatorKey,
    Receipt,
    ResidenceState,
    Session,
    SessionBriefPage,
    SessionState,
    TurnoutReport,
    VersionConflictProblem,
    WeChatLogin,
)

T = TypeVar("T")
WEIGHTS = (5, 3, 1)
OPEN = (SessionState.VOTING, SessionState.EXTENDED)


def must(answer: object, kind: type[T]) -> T:
    """The answer as what was asked for. Ends the program where it is a refusal."""
    if not isinstance(answer, kind):
        sys.exit(f"{getattr(answer, 'code', answer)}")
    return answer


def commitment(session_id: UUID, receipt: Receipt) -> str:
    """The bytes that docs/bundle.md and votes/receipt.py describe, hashed."""
    marks = [f"{mark.weight} {mark.matter_id}" for mark in receipt.marks]
    ballot = "".join(f"{line}\n" for line in ("yueyuetan-ballot-v1", session_id, *marks))
    return hashlib.sha256(bytes.fromhex(receipt.nonce) + ballot.encode()).hexdigest()


def is_promised(key: OperatorKey, session_id: UUID, receipt: Receipt) -> bool:
    """Whether the operator signed that this cast was received."""
    lines = ("yueyuetan-promise-v1", session_id, receipt.commitment, receipt.version)
    text = "".join(f"{line}\n" for line in lines).encode()
    operator = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public_key))
    try:
        operator.verify(bytes.fromhex(receipt.promise), text)
    except InvalidSignature:
        return False
    return True


def main(address: str, code: str) -> None:
    """Cast a ballot, and print what came of it."""
    anonymous = Client(base_url=address)
    signed_in = log_in_with_wechat.sync(client=anonymous, body=WeChatLogin(code=code))
    client = AuthenticatedClient(base_url=address, token=must(signed_in, Login).access_token)

    me = must(read_me.sync(client=client), Me)
    home = next(each for each in me.residences if each.state is ResidenceState.VERIFIED)
    page = must(list_sessions.sync(home.compound_id, client=client), SessionBriefPage)
    session_id = next(each.id for each in page.items if each.state in OPEN)
    matters = must(read_session.sync(session_id, client=client), Session).matters
    marks = [MarkArgs(w, matter.id) for w, matter in zip(WEIGHTS, matters, strict=False)]

    # Made once and kept until the answer came: the same nonce again is the same cast.
    body = CastArgs(marks=marks, nonce=secrets.token_hex(16))
    receipt = must(cast_ballot.sync(session_id, client=client, body=body), Receipt)
    again = must(cast_ballot.sync(session_id, client=client, body=body), Receipt)
    # Refused, since the ballot that now counts is version 1.
    blind = CastArgs(marks=[], expected_version=0)
    must(cast_ballot.sync(session_id, client=client, body=blind), VersionConflictProblem)

    turnout = must(read_turnout.sync(session_id, client=client), TurnoutReport)
    key = must(read_operator_key.sync(client=anonymous), OperatorKey)
    told = {
        "session_id": str(session_id),
        "version": receipt.version,
        "same_receipt": again.commitment == receipt.commitment,
        "commitment": commitment(session_id, receipt) == receipt.commitment,
        "promise": is_promised(key, session_id, receipt),
        "returned": turnout.returned,
        "roll": turnout.roll,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
