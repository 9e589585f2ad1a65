"""Start-up hook of the Python processes that tests start: each has the clock of the suite.

The folder is on their PYTHONPATH when the suite has another clock than the machine (see tests/support/clock.py).
"""

import os
from datetime import timedelta

if shift := os.environ.get("RELAIS_TEST_SHIFT"):
    import time_machine

    time_machine.travel(timedelta(seconds=float(shift)), tick=True).start()
