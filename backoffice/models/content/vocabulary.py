"""Closed lists of the domain: {stored code: label}.

Each list is written only here: forms offer it, exports translate it, pages show it.
"""

from __future__ import annotations

from enum import StrEnum


class Dispositif(StrEnum):
    ASL = "ASL"
    OEPRE = "OEPRE"
    OFII = "OFII"

    @property
    def label(self) -> str:
        return DISPOSITIFS[self]


DISPOSITIFS = {
    Dispositif.ASL: "Ateliers sociolinguistiques (ASL)",
    Dispositif.OEPRE: "Ouvrir l’école aux parents pour la réussite des enfants (OEPRE)",
    Dispositif.OFII: "Formation linguistique du contrat d’intégration républicaine (OFII)",
}

DISPOSITIF_HELP = {
    Dispositif.ASL: "Vous animez des ateliers de français liés à la vie quotidienne, dans une association, "
    "un centre social ou une mairie.",
    Dispositif.OEPRE: "Vous accueillez des parents dans une école, un collège ou un lycée.",
    Dispositif.OFII: "Vous êtes titulaire du marché de formation linguistique de l’OFII.",
}

DISPOSITIF_IMPLIES = {
    Dispositif.ASL: "Une quinzaine de minutes suffit. Aucun numéro de formateur n’est demandé.",
    Dispositif.OEPRE: "Les ateliers sont gratuits, pendant l’année scolaire. Préparez le numéro UAI de l’école.",
    Dispositif.OFII: "Préparez votre numéro SIRET, votre numéro de déclaration d’activité et le lot du marché.",
}
"""Consequences of each choice, shown beside it."""

JOURS = {
    "lundi": "Lundi",
    "mardi": "Mardi",
    "mercredi": "Mercredi",
    "jeudi": "Jeudi",
    "vendredi": "Vendredi",
    "samedi": "Samedi",
    "dimanche": "Dimanche",
}

OUI_NON = {"oui": "Oui", "non": "Non"}

NIVEAUX_ORAL = {
    "infra A1.1": "Ne parle pas encore français",
    "A1.1": "A1.1 – comprend quelques mots",
    "A1": "A1 – se présente, demande un renseignement simple",
    "A2": "A2 – se débrouille dans la vie quotidienne",
    "B1": "B1 – raconte, explique, donne son avis",
    "B2": "B2 – discute avec aisance",
    "C1": "C1 – s’exprime avec précision",
    "C2": "C2 – tout comprendre sans effort",
}

NIVEAUX_ECRIT = {
    "alpha": "Ne lit et n’écrit dans aucune langue (alphabétisation)",
    "infra A1.1": "Ne lit pas encore le français, mais lit une autre langue",
    "A1.1": "A1.1 – reconnaît quelques mots écrits",
    "A1": "A1 – lit un panneau, remplit son nom et son adresse",
    "A2": "A2 – lit un courrier court, écrit un message simple",
    "B1": "B1 – lit un article, écrit une lettre",
    "B2": "B2 – lit et écrit avec aisance",
    "C1": "C1 – lit et écrit des textes longs",
    "C2": "C2 – tout lire et tout écrire sans effort",
}

DOMAINES = {
    "15235": "Parler, comprendre, lire et écrire le français (français langue étrangère)",
    "15043": "Apprendre à lire et à écrire pour la première fois (alphabétisation)",
    "15022": "Réapprendre à lire et à écrire après une scolarité en France (lutte contre l’illettrisme)",
    "15040": "Se remettre à niveau en français",
}
"""Formacode V14 codes of the language domains kept by the national directory."""

ESPACES_SOCIAUX = {
    "ecole": "L’école et la petite enfance",
    "sante": "La santé",
    "transports": "Les transports et les déplacements",
    "administrations": "Les administrations, la mairie, la préfecture",
    "banque-poste": "La banque et la poste",
    "logement": "Le logement et le voisinage",
    "emploi": "L’emploi et le monde du travail",
    "culture": "La culture, les loisirs et la vie du quartier",
    "numerique": "Le numérique et les démarches en ligne",
    "citoyennete": "La citoyenneté et les valeurs de la République",
    "commerces": "Les commerces et la consommation",
}

OBJECTIFS_OEPRE = {
    "francais": "Apprendre le français, pour parler avec l’école et aider son enfant",
    "valeurs": "Connaître les valeurs de la République et la vie en France",
    "ecole": "Comprendre l’école et ce qu’elle attend des élèves et des parents",
}

VISEES = {
    "sociale": "Vivre et s’orienter au quotidien",
    "professionnelle": "Chercher un emploi ou travailler",
    "certification": "Préparer un examen ou un diplôme de français",
}

PUBLICS = {
    "81023": "Personnes arrivées en France depuis moins de cinq ans (primo-arrivants)",
    "81042": "Personnes réfugiées ou bénéficiaires d’une protection internationale (BPI)",
    "81022": "Personnes immigrées, quelle que soit leur date d’arrivée",
    "81021": "Personnes qui n’ont jamais appris à lire ni à écrire",
    "81019": "Personnes scolarisées en France qui lisent et écrivent difficilement",
    "81018": "Femmes",
    "81024": "Jeunes de 16 à 25 ans",
    "80006": "Personnes en recherche d’emploi",
    "80010": "Bénéficiaires du RSA",
    "82044": "Personnes salariées",
    "81020": "Personnes en situation de handicap",
    "81050": "Particuliers, à titre individuel",
    "83056": "Tout public",
}
"""Public codes of Formacode V14 relevant to language workshops, in plain words."""

PUBLIC_BPI = "81042"
"""The public for whom a page on Réfugiés.info is required."""

FORMATS = {
    "collectif": "En groupe",
    "individuel": "En individuel",
    "mixte": "En groupe, avec des temps individuels",
}

PRESENCES = {
    "0": "Sur place",
    "1": "En partie sur place, en partie à distance",
    "2": "Entièrement à distance",
}

INTENSITES = {
    "extensif": "Extensif : de 6 à 10 heures par semaine",
    "semi-intensif": "Semi-intensif : de 11 à 19 heures par semaine",
    "intensif": "Intensif : de 20 à 30 heures par semaine",
}

ENTREES = {
    "1": "On peut arriver toute l’année",
    "0": "On commence tous à la même date",
}

RECRUTEMENTS = {
    "1": "Inscriptions ouvertes",
    "2": "Complet ou inscriptions closes",
    "3": "Inscriptions suspendues",
}

RENDEZ_VOUS = {
    "9": "Une réunion d’information",
    "8": "Un entretien, un rendez-vous individuel",
    "4": "Un test pratique",
    "5": "Un test écrit",
    "6": "Un test à l’oral",
    "7": "Une candidature à envoyer",
    "3": "Un dossier à remplir",
}
"""Codes of modalite-recrutement (LHEO) relevant to language courses."""

PERIMETRES = {
    "1": "De la commune",
    "2": "Du département",
    "3": "De la région",
    "5": "De toute la France",
    "0": "D’un autre secteur, dit plus haut",
}
"""Codes of perimetre-recrutement (LHEO)."""

LIEUX_INSCRIPTION = {
    "sur_place": "Sur le lieu des ateliers",
    "structure": "À l’adresse de la structure",
    "autre": "À une autre adresse",
}

COUTS = {
    "gratuit": "Gratuit",
    "payant": "Payant",
}

FINANCEURS = {
    "19": "Ministère de l’Intérieur (DREETS, DDETS, préfecture)",
    "20": "OFII",
    "12": "Éducation nationale",
    "13": "Autre service de l’État",
    "2": "Région",
    "8": "Département",
    "9": "Commune ou intercommunalité",
    "3": "Fonds européens (FSE)",
    "0": "Autre financeur",
}

PROGRAMMES = {
    "BOP 104": "BOP 104 – Intégration et accès à la nationalité française",
    "BOP 147": "BOP 147 – Politique de la ville",
    "Région": "Programme de la Région",
    "Autre": "Un autre programme",
}

PARCOURS = {
    "integration": "Parcours d’intégration (contrat d’intégration républicaine)",
    "insertion": "Insertion sociale et professionnelle",
    "professionnelle": "Formation professionnelle (OPCO, CPF, France Travail)",
}

PARCOURS_OF = {
    Dispositif.ASL: "insertion",
    Dispositif.OEPRE: "insertion",
    Dispositif.OFII: "integration",
}
"""Default parcours of a fiche."""

CATEGORIES = {
    "association": "Association",
    "centre_social": "Centre social",
    "organisme": "Organisme de formation",
    "ecole": "École, collège ou lycée",
    "collectivite": "Collectivité (mairie, CCAS…)",
    "entreprise": "Entreprise",
    "autre": "Autre structure",
}
"""Categories of structures, in fiches and on their pages."""

USAGES = {
    "accueil": "Accueil du public",
    "direction": "Direction",
    "administratif": "Secrétariat, comptabilité",
    "formateurs": "Accueil des formateurs",
}
"""Usages of the contacts of a structure."""

QUALIOPI = {
    "formation": "Actions de formation",
    "bilan": "Bilans de compétences",
    "vae": "Validation des acquis de l’expérience",
    "apprentissage": "Apprentissage",
}
"""The four certified categories of article L6313-1 of the code du travail."""
