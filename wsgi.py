"""WSGI entry point, for gunicorn and the `flask` command."""

from backoffice.web.factory import create_app

app = create_app()
