import os

from app import create_app, logs

logs.configure(os.environ.get("YYT_PROFILE", ""))
app = create_app()
