"""Superset's settings for a try on loopback: throw-away keys, SQLite, no guards of a real site."""

import os

SECRET_KEY = "a throw-away key of forty-two characters.."
SQLALCHEMY_DATABASE_URI = "sqlite:///" + os.environ["SUPERSET_HOME"] + "/superset.db"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
BABEL_DEFAULT_LOCALE = "zh"
