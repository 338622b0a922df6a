"""The Flask extensions, made once and bound in `create_app`."""

from flask_jwt_extended import JWTManager
from flask_sqlalchemy import SQLAlchemy

from app.kit.orm import Base

db = SQLAlchemy(model_class=Base, disable_autonaming=True)
jwt = JWTManager()
