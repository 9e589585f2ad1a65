"""Administrator's forms of a webhook: its address and what it is told; from when to tell again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, SelectField, StringField
from wtforms.validators import ValidationError

from backoffice.core.outgoing import LONGEST_URL, RefusedAddress, check_url
from backoffice.models import Territoire, Webhook, WebhookEvent

from .definition import Boxes, Words, choices, past_instant


class WebhookForm(Form):
    title = Words("Qui est prévenu", "Dites qui est prévenu.", 100)
    url = Words(
        "Adresse",
        "Donnez l’adresse qui recevra les messages.",
        LONGEST_URL,
        description="Donnée par qui tient le service prévenu. Elle commence par https://.",
    )
    territoire = SelectField("Territoire", coerce=int)
    events = Boxes("Ce qui est dit", choices=choices((str(event), event.label) for event in WebhookEvent))

    def __init__(self, formdata: MultiDict[str, str] | None, territoires: Iterable[Territoire], **kwargs: Any):
        super().__init__(formdata, **kwargs)
        self.territoire.choices = choices([(0, "Toute la France"), *((t.id, t.nom) for t in territoires)])

    def validate_url(self, field: Field) -> None:
        try:
            check_url(field.data)
        except RefusedAddress as error:
            raise ValidationError(str(error)) from error

    def fill(self, webhook: Webhook) -> None:
        webhook.title, webhook.url = self.title.data, self.url.data
        webhook.territoire_id, webhook.events = self.territoire.data or None, self.events.data


class TellAgain(Form):
    """Empty: from where it stopped."""

    depuis = StringField(
        "Renvoyer depuis",
        description="Un jour et une heure, par exemple 2026-11-01 06:00. Les messages déjà reçus gardent leur numéro : "
        "leur lecteur les reconnaît.",
    )
    since: datetime | None = None

    def validate_depuis(self, field: Field) -> None:
        self.since = past_instant(field.data or "")
        if self.since is None:
            raise ValidationError("Écrivez un jour et une heure, par exemple 2026-11-01 06:00.")
