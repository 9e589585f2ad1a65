"""A page as read by a browser without JavaScript: forms with their answers, errors, links."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lxml import html
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from backoffice.core.extensions import db
from backoffice.models import Fiche
from backoffice.models.content import Contenu
from forms.kit.questions import Question

from .visitor import Visitor


class Page:
    """answers: what the page's main form would send, without the button."""

    def __init__(self, visitor: Visitor, answer: TestResponse):
        self.visitor, self.answer = visitor, answer
        self.status, self.text = answer.status_code, answer.text
        self.dom = html.fromstring(answer.text)
        forms = self.dom.xpath("//main//form[@method='post']")
        self.form = max(forms, key=lambda form: len(form.inputs), default=None)
        self.action = self.form.get("action") if self.form is not None else ""
        self.answers: MultiDict[str, str] = MultiDict()
        if self.form is not None:
            self.answers = MultiDict([(name, clean(text)) for name, text in self.form.form_values()])
            for select in self.form.xpath(".//select[not(option[@selected])]"):
                self.answers.add(select.name, select.value_options[0])

    def element(self, id_: str) -> html.HtmlElement | None:
        return next(iter(self.dom.xpath("//*[@id=$id]", id=id_)), None)

    def words(self, path: str = "//main") -> str:
        """The text of the elements at an XPath, white space collapsed."""
        return " ".join(" ".join(found.text_content() for found in self.dom.xpath(path)).split())

    def shown(self, name: str) -> list[str]:
        return self.answers.getlist(name)

    def error(self, id_: str) -> str:
        """The error message of a field, or "". Asserts that it is tied to the field and listed in the summary."""
        message = self.element(f"{id_}-erreur")
        if message is None:
            return ""
        field = self.element(id_)
        assert field is not None, f"le champ {id_} n’est pas sur la page"
        assert f"{id_}-erreur" in (field.get("aria-describedby") or "").split()
        assert field.tag == "fieldset" or field.get("aria-invalid") == "true"
        assert self.dom.xpath("//*[@role='alert']//a[@href=$to]", to=f"#{id_}"), "absent du résumé"
        return message.text_content().strip().removeprefix("Erreur : ")

    def type(self, answers: dict[str, str | list[str]]) -> Page:
        for name, text in answers.items():
            self.answers.setlist(name, text if isinstance(text, list) else [text])
        return self

    def send(self, follow: bool = True, **button: str) -> Page:
        """Presses a button of the form; follows a 303 redirect when `follow`."""
        data = MultiDict(self.answers)
        data.update(button)
        answer = self.visitor.post(self.action, data)
        if follow and answer.status_code == 303:
            return open_page(self.visitor, answer.headers["Location"])
        return Page(self.visitor, answer)

    @property
    def location(self) -> str:
        return self.answer.headers.get("Location", "")

    def table(self) -> list[list[str]]:
        """The text of each cell, row by row, of the page's table."""
        return [[cell.text_content().strip() for cell in row] for row in self.dom.xpath("//tbody/tr")]

    def links(self, path: str) -> list[str]:
        return [str(link) for link in self.dom.xpath(f"{path}//a/@href")]

    def buttons(self, start: str) -> list[str]:
        """Values of the «ligne» buttons that start with this text."""
        return [str(v) for v in self.dom.xpath("//button[@name='ligne']/@value") if str(v).startswith(start)]

    def rows(self, path: str) -> int:
        """Number of rows of a list on the page."""
        return len([f for f in self.dom.xpath("//fieldset/@id") if re.fullmatch(rf"{path}-\d+", str(f))])


def clean(text: str | None) -> str:
    """Removes the line break that follows the opening tag of a text area."""
    return re.sub(r"^\r?\n", "", text or "")


def open_page(visitor: Visitor, url: str) -> Page:
    answer = visitor.see(urlsplit(url)._replace(fragment="").geturl())
    return Page(visitor, answer)


def open_step(visitor: Visitor, fiche: Fiche | int, slug: str) -> Page:
    number = fiche if isinstance(fiche, int) else fiche.id
    return open_page(visitor, f"/fiches/{number}/saisie/{slug}")


def review_links(visitor: Visitor, fiche: Fiche | int) -> list[str]:
    """Every link of the review page to a field."""
    number = fiche if isinstance(fiche, int) else fiche.id
    page = open_page(visitor, f"/fiches/{number}/relecture")
    assert page.status == 200
    return [link for link in page.links("//main") if "#" in link]


def name_of(question: Question) -> str:
    """Name of a question's field, in the first row where there are rows."""
    return question.pattern.replace("[]", "-0").replace(".", "-")


def stored(fiche: Fiche) -> Contenu:
    """The content of its latest revision as stored now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Fiche, fiche.id).latest.content
