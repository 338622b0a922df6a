"""What a server, and `flask --app wsgi`, loads."""

import sys

from app import create_app, starting
from app.commands.doctor import is_asked
from app.config import UnsafeSettings

try:
    app = create_app(is_checked=not is_asked(sys.argv))
except UnsafeSettings as error:
    starting.stop(error)
