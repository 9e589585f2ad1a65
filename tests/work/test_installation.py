"""The examples of an installation: their settings and their commands are those of this version."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from backoffice.core.config import SETTINGS

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "installation"
UNITS = sorted(FOLDER.glob("*.service"))


def commands(app) -> set[str]:
    """Every `flask …` that exists, in words."""

    def walk(group, words):
        for name, command in group.commands.items():
            yield " ".join((*words, name))
            if hasattr(command, "commands"):
                yield from walk(command, (*words, name))

    return set(walk(app.cli, ())) | {"db upgrade"}


def test_the_settings_of_the_examples_exist():
    example = (FOLDER / "relais.env.example").read_text()
    named = re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)
    named += re.findall(
        r"^    ((?:RELAIS_|SECRET_|DATABASE_|REDIS_)[A-Z]+):", (FOLDER / "compose.yaml").read_text(), re.M
    )
    assert len(named) > 12
    assert set(named) <= set(SETTINGS)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_commands_of_the_units_exist(app, unit):
    lines = re.findall(r"^ExecStart(?:Pre)?=(.*)$", unit.read_text(), re.MULTILINE)
    assert lines
    for line in lines:
        program, *words = shlex.split(line)
        if program.endswith("/flask"):
            assert words[:2] == ["--app", "wsgi"]
            assert " ".join(words[2:]) in commands(app)
        else:
            assert (Path(program).name, words[0]) == ("gunicorn", "wsgi:app")


def test_the_commands_of_the_containers_exist(app):
    text = (FOLDER / "compose.yaml").read_text()
    asked = re.findall(r"flask --app wsgi ((?:[a-z]+ ?){2})", text)
    asked += [" ".join(re.findall(r"[a-z]+", words)) for words in re.findall(r'"wsgi", ((?:"[a-z]+",? ?){2})\]', text)]
    assert {words.strip() for words in asked} == {"db upgrade", "seed reference", "jobs work", "jobs schedule"}
    assert {words.strip() for words in asked} <= commands(app)
