"""WSGI entry point, for gunicorn and the `flask` command."""

from pathlib import Path

from backoffice.core import config, running
from backoffice.web.factory import create_app

app = create_app()
if config.serving():
    running.mark(Path(app.instance_path))
