"""Rows of the URL table (see test_urls) for the administration tables."""

from __future__ import annotations

from .url_rows import ADMINISTRATORS, P, Row


def table(slug: str, *, new: bool = False, edit: bool = False, remove: int = 0) -> tuple[Row, ...]:
    """The URLs of one administration table. remove: status of a confirmed deletion, 0 when there is none."""
    endpoint, path = f"tables_{slug}", f"/administration/tables/{slug}"
    one = f"{path}/{{ligne_{slug}}}/"

    def row(page: str, method: str, where: str, administrator: int, anonymous: int = 303, **data: str) -> Row:
        expected = (anonymous, *ADMINISTRATORS[1:7], administrator)
        return Row(f"{endpoint}.{page}_view", P.ADMINISTER, method, where, expected, tuple(data.items()))

    rows = [row("index", "GET", f"{path}/", 200), row("details", "GET", one, 200)]
    if new:
        rows += [row("create", "GET", f"{path}/nouveau", 200), row("create", "POST", f"{path}/nouveau", 422, 401)]
    if edit:
        rows += [row("edit", "GET", f"{one}modifier", 200), row("edit", "POST", f"{one}modifier", 422, 401)]
    if remove:
        rows += [
            row("delete", "GET", f"{one}supprimer", 200),
            row("delete", "POST", f"{one}supprimer", 303),
            row("delete", "POST", f"{one}supprimer", remove, confirme="1"),
            row("delete", "POST", f"{path}/999999/supprimer", 404, confirme="1"),
        ]
    return tuple(rows)


TABLES = (
    Row("tables.index", P.ADMINISTER, "GET", "/administration/tables/", ADMINISTRATORS),
    *table("territoires", edit=True),
    *table("campagnes", new=True, edit=True, remove=303),
    *table("comptes"),
    *table("motifs", edit=True),
    *table("phrases", new=True, edit=True, remove=303),
    *table("regles"),
    *table("flux", new=True, edit=True, remove=409),
    *table("cles", remove=303),
    *table("communes"),
    *table("certifications"),
    *table("certif-info"),
    *table("formacodes"),
    *table("etablissements"),
    *table("uai"),
    *table("vacances-scolaires"),
    *table("journal-des-fiches"),
    *table("journal-des-changements"),
    *table("journal-des-regles"),
    *table("journal-des-obligations"),
    *table("journal-des-reunions"),
    *table("journal-des-connexions"),
    *table("journal-des-effacements"),
    *table("conservation"),
    *table("fabrications"),
    *table("imports-de-referentiels"),
    *table("imports"),
    *table("messages"),
    *table("travaux-en-echec"),
)
