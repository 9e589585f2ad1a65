"""`python -m tests.support.moments ARGUMENTS`: runs pytest at five instants, then prints results and durations."""

from __future__ import annotations

import re
import subprocess
import sys
import time

MOMENTS = {
    "aujourd’hui": "+0d",
    "dans 400 jours": "+400d",
    "un 29 février": "2028-02-29T10:00",
    "un 31 décembre au soir": "2027-12-31T23:30",
    "la nuit du changement d’heure": "2027-10-31T02:30",
}
"""{label: value of `--at`, in Paris time}."""


def run(at: str, arguments: list[str]) -> tuple[bool, int, int, int, float]:
    """(whether all passed, passed, failed, skipped, seconds). Prints the output of pytest as it runs."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", f"--at={at}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        last = ""
        for line in process.stdout:
            sys.stdout.write(line)
            last = line if line.strip() else last
    passed, failed, skipped = (
        sum(int(number) for number in re.findall(rf"(\d+) (?:{words})\b", last))
        for words in ("passed", "failed|errors?", "skipped")
    )
    return process.returncode == 0, passed, failed, skipped, time.monotonic() - began


def main(arguments: list[str]) -> int:
    found = {name: run(at, arguments) for name, at in MOMENTS.items()}
    sys.stdout.write(f"\n{'moment':30} {'réussis':>8} {'échoués':>8} {'sautés':>8} {'secondes':>9}\n")
    for name, (_, passed, failed, skipped, seconds) in found.items():
        sys.stdout.write(f"{name:30} {passed:8} {failed:8} {skipped:8} {seconds:9.0f}\n")
    return 0 if all(row[0] for row in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
