"""The pages. Views are thin: load within the scope, validate, call the domain once, answer."""

from __future__ import annotations

from flask import Flask

from . import (
    accueil,
    adresse_enquete,
    affichette,
    aide,
    api,
    assistance,
    avis,
    bilan,
    brouillon,  # noqa: F401 - adds its addresses to those of the steps
    campagnes,
    chiffres,
    compte,
    comptes,
    connexions,
    consultation,
    conventions,
    correction,
    doublons,
    enquete,
    envois,
    errors,
    exploitation,
    fiches,
    flux,
    guard,
    historique,
    import_conventions,
    imports,
    invitation,
    lheo,
    liens,
    membres,
    mes_donnees,
    moderation_file,
    moderation_lots,  # noqa: F401 - adds its pages to the same blueprint
    moderation_porteuse,
    mon_compte,
    motifs,
    personnes,
    places,
    porteuse,
    presentation,
    preuves,
    rattachements,
    reconduction,
    registres,
    reglages,
    regles,
    rejoindre,
    relances,  # noqa: F401 - adds its pages to the board
    remarques,
    saisie,
    second_facteur,
    structure_doubles,
    structure_forms,  # noqa: F401 - adds its pages to those of the structure
    structures,
    subventions,
    suivi_flux,
    tableau,
    tableau_fichiers,  # noqa: F401 - the same
    territoires,
)
from .guard import check_permissions

__all__ = ["check_permissions", "init_app"]


PAGES = (
    accueil,
    adresse_enquete,
    aide,
    affichette,
    api,
    assistance,
    avis,
    campagnes,
    bilan,
    chiffres,
    compte,
    comptes,
    connexions,
    consultation,
    conventions,
    correction,
    doublons,
    enquete,
    envois,
    exploitation,
    fiches,
    flux,
    historique,
    import_conventions,
    imports,
    invitation,
    lheo,
    liens,
    membres,
    mes_donnees,
    moderation_file,
    moderation_porteuse,
    mon_compte,
    motifs,
    personnes,
    places,
    porteuse,
    preuves,
    rattachements,
    reconduction,
    registres,
    reglages,
    regles,
    rejoindre,
    remarques,
    saisie,
    second_facteur,
    structure_doubles,
    structures,
    subventions,
    suivi_flux,
    tableau,
    territoires,
)
"""Each gives its `blueprint`."""


def init_app(app: Flask) -> None:
    compte.init_app(app)
    app.before_request(guard.enforce)
    app.teardown_request(guard.forget_upload)
    errors.init_app(app)
    presentation.init_app(app)
    aide.init_app(app)
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    app.register_blueprint(api.page)
