"""The application with the settings of the tests and what a fault of ours may look like.

The server's master, which sets up the log, is told that this is production.
"""

import logging
import os
import threading
import warnings
from datetime import UTC, date, datetime

from sqlalchemy import insert

os.environ["YYT_PROFILE"] = "development"

from app import create_app
from app.kit.extensions import db
from app.people.models import Resident

app = create_app()
NAME, OPENID = os.environ["SEED_NAME"], os.environ["SEED_OPENID"]


@app.get("/fault")
def fault() -> str:
    """A fault whose message, chain and locals hold a name."""
    name, openid = NAME, OPENID
    try:
        raise KeyError(name)
    except KeyError as error:
        raise ValueError(f"{name} {openid}") from error


@app.get("/constraint")
def constraint() -> str:
    """The database repeats the row that breaks a constraint."""
    twin = {"openid": OPENID, "name": NAME, "birth_date": date(1987, 11, 23)}
    row = insert(Resident).values(joined_at=datetime.now(UTC), **twin)
    db.session.execute(row)
    db.session.execute(row)
    return ""


@app.get("/libraries")
def libraries() -> str:
    """Libraries say what they please."""
    logging.getLogger("redis").error("cannot connect to redis://:%s@host", OPENID)
    logging.getLogger("somebody.else").warning(f"already put together: {NAME}")
    logging.getLogger("gunicorn.error").error("Error handling request %s", f"/x?{NAME}")
    logging.getLogger("httpx").info("HTTP Request: %s", f"https://x/?secret={OPENID}")
    logging.getLogger("asyncio").critical("%(name)s %(number)d", {"name": NAME, "number": 3})
    logging.getLogger("odd").error("%d of %s", NAME)
    warnings.warn(f"deprecated for {NAME}", UserWarning, stacklevel=1)
    thread = threading.Thread(target=lambda: {}[NAME])
    thread.start()
    thread.join()
    return ""


@app.get("/field")
def field() -> str:
    """Somebody of ours adds a field that nobody allowed."""
    logging.getLogger("app.careless").error("kept", extra={"openid": OPENID, "path": NAME})
    return ""
