"""The second officer of the tests, whose private key stays with the tests."""

from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from werkzeug.test import TestResponse

from app.people.models import Role
from tests.cast import Cast, Person, Place
from votes.bundle import officer_key_message, statement_message


class SecondOfficer:
    """The community's secretary, unless another office is told, with a key."""

    def __init__(
        self,
        cast: Cast,
        role: Role = Role.COMMUNITY_SECRETARY,
        level: str = "community",
        place: Place | None = None,
    ) -> None:
        self._cast = cast
        self.key = Ed25519PrivateKey.generate()
        self.person: Person = cast.visitor(name="陶雅琴")
        self.office_id: UUID = cast.appoint(self.person, role, place, level=level)

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def registration(self) -> dict[str, str]:
        message = officer_key_message(str(self.person.id), self.public_key)
        return {"public_key": self.public_key.hex(), "proof": self.key.sign(message).hex()}

    def register(self) -> TestResponse:
        return self.person.put("/me/officer-key", self.registration)

    def name(self, key_id: str | None, compound: Place | None = None) -> TestResponse:
        """Name the holder of a key to countersign in a compound."""
        path = f"/compounds/{(compound or self._cast.home).id}/countersigner"
        return self.person.put(path, {"officer_key_id": key_id})

    def take_office(self, compound: Place | None = None) -> None:
        """Register the key and be named."""
        registered = self.register()
        assert registered.status_code == 200, registered.text
        named = self.name(registered.json["id"], compound)
        assert named.status_code == 200, named.text

    def bundle(self, session_id: str) -> dict[str, Any]:
        bundle: dict[str, Any] = self.person.get(f"/sessions/{session_id}/bundle.json").json
        return bundle

    def signature(self, session_id: str) -> str:
        return self.key.sign(statement_message(self.bundle(session_id))).hex()

    def hand_in(self, session_id: str, signature: str) -> TestResponse:
        path = f"/sessions/{session_id}/countersignature"
        return self.person.post(path, {"signature": signature})

    def countersign(self, session_id: str) -> TestResponse:
        return self.hand_in(session_id, self.signature(session_id))

    def refuse(self, session_id: str, reason: str = "名单与底册不符") -> TestResponse:
        path = f"/sessions/{session_id}/countersignature/refusal"
        return self.person.post(path, {"reason": reason})
