"""Tokens: forgeries on every guarded route (row 13 of the list of threats), rotation, reuse,
logout, and two refreshes at once."""

import base64
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.config import Settings
from app.kit.errors import Unauthorized
from app.kit.web.api import PREFIX
from app.people import tokens
from app.people.models import RefreshToken, TokenFamily
from app.signing import Purpose, SigningKeys
from tests.cast import Cast, stored
from tests.checks import refusal
from tests.operations import PUBLIC_API, operations, request_for
from tests.wechat_standin import Control

UNAUTHORIZED = (401, "unauthorized")
REUSED = (401, "token_reused")
REFRESH = f"{PREFIX}/auth/refresh"
RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_PEM = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Forger:
    """A live access token, the key that signs such tokens, and what a forger makes of them."""

    def __init__(self, cast: Cast, keys: SigningKeys, secret: str) -> None:
        self.cast, self.keys, self.bare_secret = cast, keys, secret.encode()
        self.key = keys.current(Purpose.ACCESS_TOKEN)
        self.secret = self.key.value
        self.person, self.other = cast.secretary(), cast.secretary()
        self.header, self.claims = self.read(self.person.token)
        self.other_claims = self.read(self.other.token)[1]
        self.head, self.payload, self.signature = self.person.token.split(".")

    @staticmethod
    def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
        claims = jwt.decode(token, options={"verify_signature": False})
        return jwt.get_unverified_header(token), claims

    def signed(self, *without: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """The token with these claims changed and those left out, signed with the secret."""
        payload = {k: v for k, v in {**self.claims, **claims}.items() if k not in without}
        return encode({**self.header, **(header or {})}, payload, self.secret)

    def by_key_of(self, purpose: Purpose) -> str:
        """The same claims, signed by our key of another purpose."""
        key = self.keys.current(purpose)
        return encode({**self.header, "kid": key.id}, self.claims, key.value)

    def by(self, algorithm: str, key: Any, **header: Any) -> str:
        """The same claims, signed by another algorithm or key."""
        return jwt.encode(self.claims, key, algorithm=algorithm, headers=header)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode(header: dict[str, Any], payload: Any, secret: bytes) -> str:
    """A token of any header and payload, HMAC-signed; the library refuses to write some of them."""
    text = ".".join(base64url(json.dumps(part).encode()) for part in (header, payload))
    hash_name = {"HS384": "sha384", "HS512": "sha512"}.get(str(header["alg"]), "sha256")
    return f"{text}.{sign(text, secret, hash_name)}"


def sign(text: str, secret: bytes, hash_name: str = "sha256") -> str:
    return base64url(hmac.digest(secret, text.encode(), hash_name))


def unsigned(header: dict[str, Any], payload: dict[str, Any]) -> str:
    return ".".join([*(base64url(json.dumps(part).encode()) for part in (header, payload)), ""])


def nested(depth: int) -> str:
    return base64url(b'{"alg":"HS256","x":' + b"[" * depth + b"]" * depth + b"}")


NOW = datetime.now(UTC).timestamp()
FORGERIES: dict[str, Callable[[Forger], str]] = {
    # another algorithm or key
    "no algorithm": lambda f: unsigned({"alg": "none", "typ": "JWT"}, f.claims),
    "no algorithm, in capitals": lambda f: unsigned({"alg": "NONE"}, f.claims),
    "no algorithm, the old signature": lambda f: unsigned({"alg": "none"}, f.claims) + f.signature,
    "no algorithm named": lambda f: unsigned({"typ": "JWT"}, f.claims),
    "algorithm is a list": lambda f: encode({"alg": ["HS256"]}, f.claims, f.secret),
    "RS256 with a key of the forger": lambda f: f.by("RS256", RSA_KEY),
    "RS256 with the key in its header": lambda f: f.by(
        "RS256", RSA_KEY, jwk=json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA_KEY.public_key()))
    ),
    "HS256 with a public key as secret": lambda f: encode(f.header, f.claims, PUBLIC_PEM),
    "RS256 named over an HS256 signature": lambda f: f.signed(header={"alg": "RS256"}),
    "ES256": lambda f: f.by("ES256", EC_KEY),
    "EdDSA": lambda f: f.by("EdDSA", Ed25519PrivateKey.generate()),
    "HS384 with our secret": lambda f: f.signed(header={"alg": "HS384"}),
    "HS512 with our secret": lambda f: f.signed(header={"alg": "HS512"}),
    "another secret": lambda f: encode(f.header, f.claims, f.secret + b"!"),
    "an empty secret": lambda f: encode(f.header, f.claims, b""),
    "unknown key id, key of the forger": lambda f: f.by("HS256", "k" * 32, kid="../../dev/null"),
    "key id is a number": lambda f: f.signed(header={"kid": 7}),
    "key id of nobody, our key": lambda f: f.signed(header={"kid": "0" * 16}),
    "no key id, our key": lambda f: encode({"alg": "HS256"}, f.claims, f.secret),
    "key id is empty": lambda f: f.signed(header={"kid": ""}),
    "the bare secret": lambda f: encode(f.header, f.claims, f.bare_secret),
    "the bare secret, no key id": lambda f: encode({"alg": "HS256"}, f.claims, f.bare_secret),
    **{
        f"key of the purpose {purpose}": lambda f, purpose=purpose: f.by_key_of(purpose)
        for purpose in Purpose
        if purpose is not Purpose.ACCESS_TOKEN
    },
    "unknown critical header": lambda f: f.signed(header={"crit": ["b64"], "b64": False}),
    # tampered with
    "payload of another, own signature": lambda f: ".".join(
        [f.head, f.other.token.split(".")[1], f.signature]
    ),
    "signature cut off": lambda f: f"{f.head}.{f.payload}.",
    "signature of one byte less": lambda f: f.person.token[:-2],
    "signature missing": lambda f: f"{f.head}.{f.payload}",
    "a part too many": lambda f: f.person.token + ".x",
    "half a token": lambda f: f.person.token[: len(f.person.token) // 2],
    "nothing": lambda f: "",
    "only dots": lambda f: "..",
    "not base64": lambda f: "!!!.???.***",
    "not ASCII": lambda f: f.person.token + "é",
    "100 kB": lambda f: "A" * 100_000,
    "100 kB of dots": lambda f: "." * 100_000,
    "payload is a list": lambda f: encode(f.header, [f.claims], f.secret),
    "payload is text": lambda f: encode(f.header, "admin", f.secret),
    "header nested 3,000 deep": lambda f: f"{nested(3000)}.{f.payload}.{f.signature}",
    "payload nested 3,000 deep": lambda f: (
        f"{f.head}.{nested(3000)}.{sign(f'{f.head}.{nested(3000)}', f.secret)}"
    ),
    # well signed, and still not ours: a leaked secret aside, another program may share it
    "another audience": lambda f: f.signed(aud="another-api"),
    "no audience": lambda f: f.signed("aud"),
    "another issuer": lambda f: f.signed(iss="somebody"),
    "no issuer": lambda f: f.signed("iss"),
    "expired": lambda f: f.signed(exp=NOW - 1),
    "no expiry": lambda f: f.signed("exp"),
    "expiry is a word": lambda f: f.signed(exp="never"),
    "expiry is infinite": lambda f: f.signed(exp=float("inf")),
    "not valid yet": lambda f: f.signed(nbf=NOW + 3600),
    "issued tomorrow": lambda f: f.signed(iat=NOW + 86400),
    "another type": lambda f: f.signed(type="admin"),
    "type is a list": lambda f: f.signed(type=["access"]),
    "a refresh token": lambda f: f.signed(type="refresh"),
    "no subject": lambda f: f.signed("sub"),
    "subject of another": lambda f: f.signed(sub=f.other_claims["sub"]),
    "subject of nobody": lambda f: f.signed(sub=str(uuid4())),
    "subject is no UUID": lambda f: f.signed(sub="admin"),
    "subject is a number": lambda f: f.signed(sub=1),
    "subject is SQL": lambda f: f.signed(sub="' OR 1=1 --"),
    "no token id": lambda f: f.signed("jti"),
    "token id is no UUID": lambda f: f.signed(jti="1"),
    "token id is null": lambda f: f.signed(jti=None),
    "no family": lambda f: f.signed("family"),
    "family of another": lambda f: f.signed(family=f.other_claims["family"]),
    "family of nobody": lambda f: f.signed(family=str(uuid4())),
    "family is no UUID": lambda f: f.signed(family="x"),
    "family is a number": lambda f: f.signed(family=7),
    "family is a list": lambda f: f.signed(family=[f.claims["family"]]),
    "family is null": lambda f: f.signed(family=None),
}
HEADERS: dict[str, Callable[[str], dict[str, str]]] = {
    "no header": lambda token: {},
    "empty header": lambda token: {"Authorization": ""},
    "no scheme": lambda token: {"Authorization": token},
    "another scheme": lambda token: {"Authorization": f"Basic {token}"},
    "two tokens": lambda token: {"Authorization": f"Bearer {token}, Bearer {token}"},
    "two words": lambda token: {"Authorization": f"Bearer {token} {token}"},
    "a cookie": lambda token: {"Cookie": f"access_token_cookie={token}"},
    "another header": lambda token: {"X-Authorization": f"Bearer {token}"},
}


@pytest.fixture
def forger(cast: Cast, settings: Settings) -> Forger:
    return Forger(cast, cast.app.extensions["signing"], settings.secret_key)


def guarded(app: Flask) -> list[tuple[str, str]]:
    """Method and path of every operation that asks for an access token."""
    api = {op for op in operations(app) if PREFIX in op} - PUBLIC_API
    ids = Anything()
    return [request_for(operation, ids) for operation in sorted(api)]


class Anything(dict[str, Any]):
    """An id for every name."""

    def __missing__(self, name: str) -> str:
        return str(uuid4())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_forger_can_sign(forger: Forger, client: FlaskClient):
    """The forgeries fail for what is wrong with them, not because the forger cannot sign."""
    assert client.get(f"{PREFIX}/me", headers=bearer(forger.signed())).status_code == 200


def test_forged_tokens_on_all_routes(forger: Forger, app: Flask, client: FlaskClient):
    routes = guarded(app)
    assert len(routes) > 30
    wrong = []
    for name, forge in FORGERIES.items():
        headers = bearer(forge(forger))
        for method, path in routes:
            answer = client.open(path, method=method, headers=headers)
            if problem_of(answer) != UNAUTHORIZED:
                wrong.append(f"{name}: {method} {path}: {answer.status_code} {answer.text}")
        # No forgery may have logged the person out: the ones after it would fail for that alone.
        assert look(client, forger.person.token) == 200, name
    assert not wrong, "\n" + "\n".join(wrong)


def problem_of(answer: TestResponse) -> tuple[int, str]:
    is_problem = answer.mimetype == "application/problem+json"
    return answer.status_code, answer.json["code"] if is_problem else answer.mimetype


@pytest.mark.parametrize("name", HEADERS)
def test_token_counts_in_the_authorization_header_only(
    forger: Forger, client: FlaskClient, name: str
):
    token = forger.person.token
    answer = client.get(f"{PREFIX}/me", headers=HEADERS[name](token))
    assert refusal(answer) == UNAUTHORIZED
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert token not in answer.text
    assert refusal(client.get(f"{PREFIX}/me?jwt={token}&access_token={token}")) == UNAUTHORIZED


# Refreshing


@pytest.fixture
def pair(client: FlaskClient, wechat: Control) -> dict[str, Any]:
    """The tokens of a login."""
    answer = client.post(f"{PREFIX}/auth/wechat", json={"code": wechat.code(wechat.user())})
    made: dict[str, Any] = answer.json
    return made


def refresh(client: FlaskClient, token: str) -> TestResponse:
    return client.post(REFRESH, json={"refresh_token": token})


def look(client: FlaskClient, token: str) -> int:
    """The status of a call with this access token."""
    return client.get(f"{PREFIX}/me", headers=bearer(token)).status_code


@pytest.mark.parametrize(
    "send",
    [
        lambda token: {"json": {"refresh_token": token}},
        lambda token: {"headers": bearer(token)},
        lambda token: {"headers": bearer(token), "json": {}},
    ],
)
def test_refresh_takes_the_token_in_body_or_header(client: FlaskClient, pair: Any, send: Any):
    answer = client.post(REFRESH, **send(pair["refresh_token"]))
    assert answer.status_code == 200, answer.text
    assert set(answer.json) == {"access_token", "refresh_token", "expires_in"}
    assert answer.json["refresh_token"] != pair["refresh_token"]
    assert look(client, answer.json["access_token"]) == 200


def test_refresh_takes_the_body_beside_an_expired_access_token(
    client: FlaskClient, pair: Any, travel: Callable[[datetime], None]
):
    """A phone that sends its access token with every call must still get a new one."""
    travel(datetime.now(UTC) + timedelta(hours=1))
    headers = bearer(pair["access_token"])
    answer = client.post(REFRESH, headers=headers, json={"refresh_token": pair["refresh_token"]})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "send",
    [
        lambda pair: {},
        lambda pair: {"json": {}},
        lambda pair: {"json": {"refresh_token": ""}},
        lambda pair: {"json": {"refresh_token": pair["access_token"]}},
        lambda pair: {"headers": bearer(pair["access_token"])},
        lambda pair: {"headers": {"Cookie": f"refresh_token_cookie={pair['refresh_token']}"}},
        lambda pair: {"json": {"refresh_token": "x.y.z"}},
        lambda pair: {"json": {"refresh_token": pair["refresh_token"][:-2]}},
        lambda pair: {"json": {"refresh_token": "é" * 100}},
    ],
)
def test_refresh_takes_nothing_else(client: FlaskClient, pair: Any, send: Any):
    assert refusal(client.post(REFRESH, **send(pair))) == UNAUTHORIZED
    assert refresh(client, pair["refresh_token"]).status_code == 200


@pytest.mark.parametrize("token", [7, None, ["x"], {"a": 1}, "x" * 5000])
def test_refresh_refuses_a_body_of_another_shape(client: FlaskClient, token: Any):
    assert refusal(client.post(REFRESH, json={"refresh_token": token})) == (422, "invalid_input")


@pytest.mark.parametrize("name", FORGERIES)
def test_refresh_takes_no_forgery(client: FlaskClient, pair: Any, forger: Forger, name: str):
    """The same forgeries of a refresh token; what makes an access token one, makes it none."""
    forger.header, forger.claims = forger.read(pair["refresh_token"])
    forger.head, forger.payload, forger.signature = pair["refresh_token"].split(".")
    forge = {
        **FORGERIES,
        "a refresh token": lambda f: f.signed(type="access"),
        "key of the purpose refresh token": lambda f: f.by_key_of(Purpose.ACCESS_TOKEN),
    }[name]
    assert problem_of(client.post(REFRESH, headers=bearer(forge(forger)))) == UNAUTHORIZED


def test_refresh_takes_no_unknown_token_id(client: FlaskClient, pair: Any, forger: Forger):
    forger.header, forger.claims = forger.read(pair["refresh_token"])
    answer = client.post(REFRESH, headers=bearer(forger.signed(jti=str(uuid4()))))
    assert refusal(answer) == UNAUTHORIZED


def test_refresh_rotates(app: Flask, client: FlaskClient, pair: Any):
    """Each pair gives the next one; the access tokens before live out their quarter of an hour."""
    first, [family] = pair["access_token"], stored(app, select(TokenFamily.id))
    for _ in range(3):
        pair = refresh(client, pair["refresh_token"]).json
    assert look(client, first) == look(client, pair["access_token"]) == 200
    used = stored(app, select(RefreshToken).order_by(RefreshToken.expires_at))
    assert [token.used_at is not None for token in used] == [True, True, True, False]
    assert {token.family_id for token in used} == {family}


def test_refresh_token_used_twice_revokes_its_family(app: Flask, client: FlaskClient, pair: Any):
    stolen = pair["refresh_token"]
    new = refresh(client, stolen).json
    assert refusal(refresh(client, stolen)) == REUSED
    assert look(client, pair["access_token"]) == look(client, new["access_token"]) == 401
    assert refusal(refresh(client, new["refresh_token"])) == UNAUTHORIZED
    (family,) = stored(app, select(TokenFamily))
    assert (family.revoked_at is not None, family.revoked_why) == (True, "reuse")


def test_refresh_token_used_twice_leaves_other_logins(client: FlaskClient, wechat: Control):
    openid = wechat.user()
    phone, tablet = (
        client.post(f"{PREFIX}/auth/wechat", json={"code": wechat.code(openid)}).json
        for _ in range(2)
    )
    for _ in range(2):
        refresh(client, phone["refresh_token"])
    assert look(client, phone["access_token"]) == 401
    assert look(client, tablet["access_token"]) == 200
    assert refresh(client, tablet["refresh_token"]).status_code == 200


def test_logout_ends_all_tokens_of_the_login(app: Flask, client: FlaskClient, pair: Any):
    new = refresh(client, pair["refresh_token"]).json
    answer = client.post(f"{PREFIX}/auth/logout", headers=bearer(new["access_token"]))
    assert (answer.status_code, answer.text) == (204, "")
    assert look(client, pair["access_token"]) == look(client, new["access_token"]) == 401
    assert refusal(refresh(client, new["refresh_token"])) == UNAUTHORIZED
    assert refusal(refresh(client, pair["refresh_token"])) == UNAUTHORIZED
    (family,) = stored(app, select(TokenFamily))
    assert family.revoked_why == "logout"


def test_tokens_expire(client: FlaskClient, pair: Any, travel: Callable[[datetime], None]):
    begun = datetime.now(UTC)
    travel(begun + timedelta(minutes=14))
    assert look(client, pair["access_token"]) == 200
    travel(begun + timedelta(minutes=16))
    assert look(client, pair["access_token"]) == 401
    travel(begun + timedelta(days=29))
    new = refresh(client, pair["refresh_token"])
    assert new.status_code == 200
    travel(begun + timedelta(days=60))
    assert refusal(refresh(client, new.json["refresh_token"])) == UNAUTHORIZED


# Two refreshes at once: a phone that lost an answer and tries again, or a thief


def refresh_at_once(app: Flask, token: str, times: int) -> list[TestResponse]:
    start = Barrier(times)

    def one(_: int) -> TestResponse:
        start.wait()
        return refresh(app.test_client(), token)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_refresh_at_once_lets_one_through_and_revokes(
    app: Flask, client: FlaskClient, wechat: Control
):
    for _ in range(5):
        code = wechat.code(wechat.user())
        pair = client.post(f"{PREFIX}/auth/wechat", json={"code": code}).json
        answers = refresh_at_once(app, pair["refresh_token"], 6)
        passed = [answer.json for answer in answers if answer.status_code == 200]
        refused = [refusal(answer) for answer in answers if answer.status_code != 200]
        assert len(passed) == 1
        # Whoever comes after the revocation is only told that the token is none any more.
        assert REUSED in refused
        assert set(refused) <= {REUSED, UNAUTHORIZED}
        new = passed[0]
        assert look(client, new["access_token"]) == look(client, pair["access_token"]) == 401
        assert refusal(refresh(client, new["refresh_token"])) == UNAUTHORIZED


def test_refresh_at_once_is_seen_to_fail_without_the_single_update(
    app: Flask, pair: Any, monkeypatch: pytest.MonkeyPatch
):
    """The mutant: look whether the token was used, then mark it. Both look before one marks."""
    both_have_looked = Barrier(2)

    def look_then_mark(session: Session, jti: UUID, at: datetime) -> tokens.TokenPair:
        used_at = session.get_one(RefreshToken, jti).used_at
        session.rollback()  # the look is a transaction of its own, on both engines
        both_have_looked.wait()
        if used_at is not None:
            raise Unauthorized
        token = session.get_one(RefreshToken, jti)
        token.used_at = at
        family = session.get_one(TokenFamily, token.family_id)
        return tokens._issue(session, family, at)

    monkeypatch.setattr(tokens, "rotate", look_then_mark)
    answers = refresh_at_once(app, pair["refresh_token"], 2)
    assert [answer.status_code for answer in answers] == [200, 200]
