"""The application as a host of the torture runs it: unchanged, or without one of its protections.

`TORTURE_SABOTAGE` names the protection to take away, so that a row can show that it would notice.
Where it can be done, the sabotage lies outside the code that it is about: in the answers, in the
statements, or in the database (see `torture.sabotage`).
"""

import os

from app import create_app
from torture.sabotage import IN_THE_APPLICATION

app = IN_THE_APPLICATION.get(os.environ.get("TORTURE_SABOTAGE", ""), create_app)()
