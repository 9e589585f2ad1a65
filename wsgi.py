"""Entry point of gunicorn and of the `flask` command."""

from backoffice.factory import create_app

app = create_app()
