"""WSGI entry point, for gunicorn and the `flask` command."""

import os
from pathlib import Path

from backoffice.core import config, running
from backoffice.web.factory import create_app

os.umask(0o077)  # what Relais writes is read by its own account only
app = create_app()
if config.serving():
    running.mark(Path(app.instance_path))
