"""Form of the fast lane: what a structure changes on a published session. See workflows.fiches.fast_lane."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Form, HiddenField, SelectField

from backoffice.core.dates import month_words
from backoffice.models.content import Session
from backoffice.models.content import vocabulary as words
from forms.flux.definition import choices
from forms.kit.fields import FIELDS
from forms.kit.questions import Kind, Question

_SESSION = "actions[].sessions[]."


def _field(question: Question, **arguments: Any) -> Any:
    kind = FIELDS[question.kind]
    bound = type(kind.__name__, (kind,), {"question": question})
    return bound(question.words, description=question.help, **arguments)


class SessionForm(Form):
    """Answers about one session. Its local ids prefix the field names: one page sends those of several sessions."""

    places_libres = _field(
        Question(f"{_SESSION}places_libres", Kind.INTEGER, help="Laissez vide si vous ne savez pas.")
    )
    recrutement = _field(Question(f"{_SESSION}recrutement", Kind.SELECT), choices=words.RECRUTEMENTS)
    entrees = _field(
        Question(
            f"{_SESSION}places_libres",
            Kind.INTEGER,
            label="Personnes entrées dans le groupe",
            help="Seulement leur nombre, pour le mois choisi. Laissez vide si vous ne savez pas.",
        )
    )
    mois = SelectField("Pendant le mois de", validate_choice=False)  # checked by the workflow
    debut = _field(Question(f"{_SESSION}debut", Kind.DATE))
    fin = _field(Question(f"{_SESSION}fin", Kind.DATE))
    vu = HiddenField()
    avant = HiddenField()
    """The answers that the page showed: those of a session that nobody touched are not written."""

    class Meta:
        locales = ["fr"]

    def __init__(
        self,
        formdata: MultiDict[str, str] | None,
        action: str,
        session: Session,
        months: list[str],
        stamp: str,
        shift: int,
    ):
        super().__init__(formdata, obj=session, prefix=f"{action}-{session.id}")
        for moved in (self.debut, self.fin):
            moved.description = f"{shift} jour{'s' if shift > 1 else ''} de décalage au plus."
        self.mois.choices = choices((month, month_words(month)) for month in months)
        if not months:
            del self.mois, self.entrees
        if formdata is None:
            self.vu.data, self.avant.data = stamp, self._said

    @property
    def touched(self) -> bool:
        """Whether something else was sent than what the page showed."""
        entered = "entrees" in self and bool(self.entrees.raw_data and self.entrees.raw_data[0].strip())
        return entered or self._said != self.avant.data

    @property
    def _said(self) -> str:
        fields = (self.places_libres, self.recrutement, self.debut, self.fin)
        return "|".join("" if field.data in (None, "") else str(field.data) for field in fields)

    def validate(self, extra_validators: Any = None) -> bool:
        """A date that is not likely, but published, is not asked again."""
        super().validate(extra_validators)
        for moved in (self.debut, self.fin):
            moved.settle([str(moved.object_data)])
        return not self.errors
