"""Orders to a running stand-in, over its control port."""

import json
import urllib.request
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode


class Control:
    """The control port at a URL. A refused order raises ValueError with the stand-in's words."""

    def __init__(self, url: str) -> None:
        self.url = url
        # Without this a proxy named in the environment would be asked for a loopback address.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Send one order and return what it answers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        try:
            with self._opener.open(request, timeout=10) as response:
                answer: dict[str, Any] = json.load(response)
        except HTTPError as error:
            with error:
                raise ValueError(json.load(error)["error"]) from None
        return answer

    def reset(self, seed: int | None = None) -> None:
        self.request("POST", "/reset", {} if seed is None else {"seed": seed})

    def user(self, **fields: object) -> str:
        """Make or change a user (openid, unionid, blocked) and return the openid."""
        openid: str = self.request("POST", "/users", fields)["openid"]
        return openid

    def app(self, appid: str, **fields: object) -> None:
        """Make or change an app (secret, bound)."""
        self.request("POST", "/apps", {"appid": appid, **fields})

    def code(self, openid: str, **fields: object) -> str:
        """Play `wx.login` on the user's phone."""
        code: str = self.request("POST", "/codes", {"openid": openid, **fields})["code"]
        return code

    def advance(self, seconds: float) -> None:
        self.request("POST", "/clock", {"advance_s": seconds})

    def fault(self, path: str, do: object, **fields: object) -> None:
        """Add a rule for a path; fields are `after`, `times` and `openid`."""
        match = {"path": path}
        if "openid" in fields:
            match["openid"] = str(fields.pop("openid"))
        self.request("POST", "/faults", {"match": match, "do": do, **fields})

    def clear_faults(self) -> None:
        self.request("DELETE", "/faults")

    def calls(self, path: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        query = {"since": str(since)} | ({"path": path} if path else {})
        calls: list[dict[str, Any]] = self.request("GET", f"/calls?{urlencode(query)}")["calls"]
        return calls

    def state(self) -> dict[str, Any]:
        return self.request("GET", "/state")
