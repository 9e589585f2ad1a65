"""Entry point of gunicorn and of the `flask` command."""

from backoffice.web.factory import create_app

app = create_app()
