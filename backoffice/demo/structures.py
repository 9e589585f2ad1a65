"""Invented structures of the demonstration set, in real communes.

Telephone numbers are in the ranges that the Arcep reserves for fiction; e-mail addresses end in ``.example``. SIRET
numbers have a valid check digit but begin with three zeros, so that they look invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from stdnum import luhn

from backoffice.models import Dispositif
from backoffice.models.content import Adresse, Contact, Structure
from backoffice.models.values import telephones
from backoffice.models.values.numbers import UAI_KEYS
from backoffice.reference.communes import CommuneRow

Towns = Mapping[str, CommuneRow]
"""The communes of a région, by name."""


@dataclass(frozen=True)
class Site:
    """A location of groups. ville: name of a commune of the structure's région."""

    nom: str
    rue: str
    ville: str
    transport: str = ""


@dataclass(frozen=True)
class House:
    """An invented structure. Its numbers are derived from rank; its address is the first site."""

    key: str
    rank: int
    nom: str
    categorie: str
    region: str
    sites: tuple[Site, ...]
    raison_sociale: str = ""
    declared: bool = False
    """Whether it has a numéro de déclaration d’activité."""
    dispositif: Dispositif = Dispositif.ASL
    """Dispositif of all its fiches."""
    school: int = 0
    """For a school, the seven digits of its UAI."""

    @property
    def siret(self) -> str:
        siren = _keyed(f"000{self.rank:05d}")
        return _keyed(f"{siren}0001")

    @property
    def numero_activite(self) -> str:
        return f"{self.region[:2]}00{self.rank:05d}00" if self.declared else ""

    @property
    def uai(self) -> str:
        return f"{self.school:07d}{UAI_KEYS[self.school % len(UAI_KEYS)]}" if self.school else ""

    @property
    def courriel(self) -> str:
        return f"accueil@{self.key}.example"

    def telephone(self, rng: Random) -> str:
        """A number of a range reserved for fiction, in its stored form."""
        start = {"28": "02 61 91", "44": "03 53 01"}.get(self.region, "01 99 00")
        return telephones.read(f"{start} {rng.randrange(100):02d} {rng.randrange(100):02d}")

    def structure(self, towns: Towns) -> Structure:
        """The description of the structure, the same in all its fiches."""
        return Structure(
            nom=self.nom,
            raison_sociale=self.raison_sociale,
            categorie=self.categorie,
            siret=self.siret,
            numero_activite=self.numero_activite,
            uai=self.uai,
            adresse=address(self.sites[0], towns),
            contact=Contact(nom="Accueil", telephone=self.telephone(Random(self.key)), courriel=self.courriel),  # noqa: S311
        )


def address(site: Site, towns: Towns) -> Adresse:
    town = towns[site.ville]
    return Adresse(
        denomination=site.nom,
        lignes=[site.rue],
        code_postal=town.codes_postaux[0],
        ville=town.nom,
        code_insee=town.code_insee,
        departement=town.departement,
        region=town.region,
    )


def _keyed(digits: str) -> str:
    return digits + luhn.calc_check_digit(digits)


NORMANDIE, GRAND_EST = "28", "44"

HOUSES = (
    House(
        "trois-tilleuls",
        101,
        "Centre social des Trois-Tilleuls",
        "association",
        NORMANDIE,
        (
            Site("Centre social des Trois-Tilleuls", "4 place des Tilleuls", "Vernon", "Bus 2, arrêt Tilleuls"),
            Site("École des Lavandières, salle des parents", "18 rue des Lavandières", "Vernon"),
        ),
        raison_sociale="Association des habitants des Trois-Tilleuls",
    ),
    House(
        "rive-claire",
        102,
        "Rive Claire Formation",
        "organisme",
        NORMANDIE,
        (
            Site("Rive Claire Formation", "27 quai des Saules", "Rouen", "Métro, arrêt Saules ; parking à 100 m"),
            Site("Antenne de Rive Claire", "9 rue du Vieux-Moulin", "Elbeuf", "Bus F9, arrêt Moulin"),
            Site("Espace Rive Claire", "3 cours des Dockers", "Le Havre", "Tramway, arrêt Docks"),
            Site("Pôle associatif du Bout-du-Pont", "12 rue du Bout-du-Pont", "Dieppe"),
        ),
        raison_sociale="SARL Rive Claire Formation",
        declared=True,
    ),
    House(
        "rive-claire-est",
        103,
        "Rive Claire Est",
        "organisme",
        GRAND_EST,
        (
            Site("Rive Claire Est", "41 route des Cigognes", "Strasbourg", "Tramway C, arrêt Cigognes"),
            Site("Maison des services", "6 rue des Houblons", "Haguenau", "À 5 minutes de la gare"),
            Site("Salle du Canal", "2 quai du Petit-Canal", "Mulhouse", "Tramway 1, arrêt Canal"),
        ),
        raison_sociale="Association Rive Claire Est",
        declared=True,
    ),
    House(
        "mots-partages",
        104,
        "Les Mots partagés",
        "association",
        NORMANDIE,
        (
            Site("Maison de quartier du Grand-Pré", "15 avenue du Grand-Pré", "Caen", "Tramway T2, arrêt Grand-Pré"),
            Site("Médiathèque des Deux-Rives", "1 esplanade des Deux-Rives", "Hérouville-Saint-Clair"),
        ),
    ),
    House(
        "passage-bleu",
        105,
        "Le Passage bleu",
        "association",
        NORMANDIE,
        (
            Site("Local du Passage bleu", "33 rue de l’Arsenal-Vieux", "Cherbourg-en-Cotentin", "Bus 4, arrêt Halles"),
            Site("Salle Marie-Ravenel", "7 rue des Ajoncs", "Granville"),
        ),
    ),
    House(
        "ccas-val",
        106,
        "Service des Ateliers du Val",
        "collectivite",
        NORMANDIE,
        (
            Site("Maison des familles", "5 voie des Coquelicots", "Val-de-Reuil", "Gare à 10 minutes à pied"),
            Site("Point d’accueil", "22 rue des Teinturiers", "Louviers"),
        ),
    ),
    House(
        "pays-ornais",
        107,
        "Accueil et Langues du pays ornais",
        "association",
        NORMANDIE,
        (
            Site("Maison des associations", "11 rue des Dentellières", "Alençon", "Bus 1, arrêt Dentellières"),
            Site("Foyer des Hêtres", "2 allée des Hêtres", "Flers", "Bus Némus, arrêt Hêtres"),
        ),
    ),
    House(
        "plume-lexovie",
        108,
        "La Plume et la Voix",
        "association",
        NORMANDIE,
        (Site("La Plume et la Voix", "8 boulevard des Tanneurs", "Lisieux", "Gare routière à 300 m"),),
    ),
    House(
        "savoirs-seine",
        109,
        "Savoirs de Seine",
        "organisme",
        NORMANDIE,
        (
            Site("Savoirs de Seine", "60 rue des Verriers", "Sotteville-lès-Rouen", "Métro, arrêt Verriers"),
            Site("Espace numérique des Verriers", "62 rue des Verriers", "Sotteville-lès-Rouen"),
            Site("Salle des Mouettes", "14 rue des Mouettes", "Fécamp"),
        ),
        declared=True,
    ),
    House(
        "ateliers-ill",
        110,
        "Les Ateliers de l’Ill",
        "association",
        GRAND_EST,
        (
            Site("Centre socioculturel des Roseaux", "19 rue des Roseaux", "Bischheim", "Bus L3, arrêt Roseaux"),
            Site("Foyer des Bateliers", "4 rue des Bateliers", "Colmar"),
        ),
    ),
    House(
        "parole-lorraine",
        111,
        "Parole en Lorraine",
        "association",
        GRAND_EST,
        (
            Site("Maison des Mirabelles", "25 rue des Mirabelles", "Nancy", "Tempo 2, arrêt Mirabelles"),
            Site("Espace des Peupliers", "3 allée des Peupliers", "Vandœuvre-lès-Nancy", "Tempo 1, arrêt Peupliers"),
        ),
    ),
    House(
        "trefle-messin",
        112,
        "Le Trèfle messin",
        "organisme",
        GRAND_EST,
        (
            Site("Le Trèfle messin", "48 rue du Puits-Vert", "Metz", "Mettis A, arrêt Puits-Vert"),
            Site("Antenne du Trèfle", "10 rue des Forges", "Thionville"),
            Site("Maison du Bassin", "1 place des Mineurs", "Forbach"),
        ),
        declared=True,
    ),
    House(
        "cap-champagne",
        113,
        "Cap Champagne Langues",
        "association",
        GRAND_EST,
        (
            Site("Maison de quartier des Crayères", "31 rue des Crayères", "Reims", "Tramway B, arrêt Crayères"),
            Site("Salle du Beffroi", "2 rue du Beffroi", "Troyes", "Bus 3, arrêt Beffroi"),
        ),
    ),
    House(
        "meuse-ardennes",
        114,
        "Entraide Meuse-Ardennes",
        "association",
        GRAND_EST,
        (
            Site("Entraide Meuse-Ardennes", "17 quai des Lilas", "Charleville-Mézières", "Bus 1, arrêt Lilas"),
            Site("Permanence de Sedan", "6 rue des Drapiers", "Sedan"),
        ),
    ),
    House(
        "ecole-lavandieres",
        115,
        "École élémentaire des Lavandières",
        "ecole",
        NORMANDIE,
        (Site("École des Lavandières, salle des parents", "18 rue des Lavandières", "Vernon"),),
        dispositif=Dispositif.OEPRE,
        school=279_901,
    ),
    House(
        "college-roseraie",
        116,
        "Collège de la Roseraie",
        "ecole",
        NORMANDIE,
        (Site("Collège de la Roseraie, salle 12", "5 avenue de la Roseraie", "Caen", "Bus 8, arrêt Roseraie"),),
        dispositif=Dispositif.OEPRE,
        school=149_902,
    ),
    House(
        "cap-langues-normandie",
        117,
        "Cap Langues Normandie",
        "organisme",
        NORMANDIE,
        (
            Site("Cap Langues, centre de Rouen", "11 rue des Emmurées-Neuves", "Rouen", "Métro, arrêt Emmurées"),
            Site("Cap Langues, centre du Havre", "30 quai des Régates", "Le Havre", "Tramway, arrêt Régates"),
        ),
        raison_sociale="SAS Cap Langues Normandie",
        declared=True,
        dispositif=Dispositif.OFII,
    ),
)
