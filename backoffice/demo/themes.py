"""Themes of workshops of the invented structures. Data only: `contents` makes fiches from them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """A theme of workshop. niveaux: (oral on entry, written on entry, oral target, written target).

    In titles, {ville} is the commune and {lieu} the name of the first location.
    """

    titres: tuple[str, ...]
    objectif: str
    contenu: str
    espaces: tuple[str, ...]
    niveaux: tuple[str, str, str, str]
    publics: tuple[str, ...] = ("81022", "81023")
    domaines: tuple[str, ...] = ("15235",)
    visees: tuple[str, ...] = ("sociale",)
    resultats: str = ""
    info_publics: str = ""
    conditions: str = ""
    certification: str = ""
    code_certification: str = ""


THEMES = (
    Theme(
        (
            "Ateliers de français pour la vie quotidienne à {ville}",
            "Le français de tous les jours, {lieu}",
            "Apprendre le français pas à pas à {ville}",
        ),
        "Se présenter, demander son chemin, faire ses courses et remplir un papier simple sans aide.",
        "Jeux de rôle, dialogues enregistrés, vocabulaire en images. Chaque mois, une sortie dans le quartier : "
        "le marché, la mairie, la médiathèque.",
        ("commerces", "administrations", "transports"),
        ("infra A1.1", "infra A1.1", "A1.1", "A1.1"),
        resultats="Attestation de présence et bilan des progrès à l’oral.",
    ),
    Theme(
        (
            "Parler avec l’école de son enfant",
            "Parents et école : mieux se comprendre à {ville}",
            "Café des parents en français, {lieu}",
        ),
        "Comprendre le cahier de liaison, parler avec l’enseignante, suivre la scolarité de son enfant.",
        "Lecture de mots de l’école, simulation d’un rendez-vous, visite de l’école et rencontre avec la directrice.",
        ("ecole", "citoyennete"),
        ("A1.1", "infra A1.1", "A1", "A1.1"),
        publics=("81022", "81018"),
        info_publics="Parents d’élèves des écoles maternelles et élémentaires du quartier",
    ),
    Theme(
        (
            "Alphabétisation du matin à {ville}",
            "Lire et écrire pour la première fois",
            "Premiers pas vers la lecture, {lieu}",
        ),
        "Reconnaître les lettres et les mots utiles, écrire son nom et son adresse, se repérer sur un calendrier.",
        "Travail en petit groupe avec des étiquettes, des photos et des objets. Les textes viennent de la vie des "
        "personnes : une ordonnance, une facture, un horaire de bus.",
        ("administrations", "sante", "transports"),
        ("A1.1", "alpha", "A1", "A1.1"),
        publics=("81021", "81022"),
        domaines=("15043",),
        conditions="Ne jamais être allé à l’école, ou très peu.",
    ),
    Theme(
        (
            "Français et santé : parler avec le médecin",
            "Prendre soin de soi en français à {ville}",
            "Ateliers santé et langue, {lieu}",
        ),
        "Prendre rendez-vous, expliquer où l’on a mal, comprendre une ordonnance, connaître ses droits.",
        "Mises en situation avec une infirmière, lecture de notices, visite d’une pharmacie et de la caisse "
        "d’assurance maladie.",
        ("sante", "administrations"),
        ("A1.1", "A1.1", "A1", "A1.1"),
        publics=("81022", "81042"),
    ),
    Theme(
        (
            "Le numérique en français",
            "Démarches en ligne et français à {ville}",
            "Clic et parole : français et ordinateur, {lieu}",
        ),
        "Créer et lire sa messagerie, prendre un rendez-vous en ligne, déposer un document sans se tromper.",
        "Une heure de français, une heure sur l’ordinateur. On apprend les mots de l’écran, puis on fait la démarche.",
        ("numerique", "administrations", "banque-poste"),
        ("A1", "A1.1", "A2", "A1"),
        conditions="Savoir se servir d’un téléphone. Aucun matériel n’est demandé.",
    ),
    Theme(
        (
            "Français pour l’emploi",
            "Vers le travail : français à visée professionnelle à {ville}",
            "Parler de son métier en français",
        ),
        "Présenter son parcours, comprendre une offre, téléphoner à un employeur, connaître les règles du travail.",
        "Rédaction d’un CV, entretiens filmés, visite d’une entreprise, vocabulaire du bâtiment, du ménage, de la "
        "restauration ou de l’aide à la personne selon le groupe.",
        ("emploi", "numerique"),
        ("A1", "A1", "A2", "A2"),
        publics=("81023", "81042", "80006"),
        visees=("sociale", "professionnelle"),
        resultats="Un CV, une lettre et un bilan remis à la personne et, si elle est d’accord, à son conseiller.",
    ),
    Theme(
        (
            "Préparer le DELF A2 à {ville}",
            "Objectif A2 : préparation au DELF",
            "Français et examen : vers le niveau A2",
        ),
        "Atteindre le niveau A2 à l’oral et à l’écrit et se présenter à l’examen sans crainte.",
        "Entraînement aux quatre épreuves, examen blanc chaque trimestre, correction individuelle.",
        ("administrations", "citoyennete", "culture"),
        ("A1", "A1", "A2", "A2"),
        visees=("certification", "sociale"),
        certification="DELF A2",
        resultats="Inscription au DELF A2 dans un centre d’examen ; les frais d’examen ne sont pas compris.",
    ),
    Theme(
        (
            "Se déplacer, se loger, se soigner",
            "S’orienter à {ville} : français et vie du quartier",
            "Mon quartier en français, {lieu}",
        ),
        "Connaître les services du quartier, prendre le bus, comprendre son bail et parler avec ses voisins.",
        "Parcours dans la ville plan en main, rencontre avec le bailleur, lecture de charges et d’avis de passage.",
        ("logement", "transports", "sante"),
        ("infra A1.1", "infra A1.1", "A1.1", "A1.1"),
        publics=("81022", "81023", "83056"),
    ),
    Theme(
        (
            "Conversation du soir",
            "Parlons ensemble : groupe de conversation à {ville}",
            "Table de conversation, {lieu}",
        ),
        "Oser parler, tenir une conversation, raconter et donner son avis.",
        "Un thème par semaine, choisi par le groupe : la cuisine, l’actualité, les fêtes, les enfants. Des habitants "
        "de la ville participent.",
        ("culture", "citoyennete"),
        ("A2", "A1", "B1", "A2"),
        publics=("83056",),
        conditions="Pouvoir suivre une conversation simple.",
    ),
    Theme(
        (
            "Écrire sans crainte",
            "Retrouver le goût de lire et d’écrire à {ville}",
            "Atelier d’écriture et de lecture, {lieu}",
        ),
        "Reprendre confiance à l’écrit, rédiger un message, comprendre un courrier administratif.",
        "Textes courts, dictées négociées, ateliers d’écriture et lecture à voix haute à la médiathèque.",
        ("administrations", "culture", "emploi"),
        ("B1", "A1", "B1", "A2"),
        publics=("81019", "83056"),
        domaines=("15022",),
        info_publics="Adultes qui ont été scolarisés en français",
    ),
    Theme(
        (
            "Français au féminin",
            "Entre femmes : parler, sortir, apprendre à {ville}",
            "Ateliers de français pour les femmes du quartier",
        ),
        "Gagner en autonomie dans les démarches, les sorties et la vie de la famille.",
        "Groupe de femmes, avec accueil des enfants. Cuisine, couture et sorties servent de point de départ à la "
        "langue.",
        ("ecole", "sante", "culture"),
        ("infra A1.1", "alpha", "A1.1", "A1.1"),
        publics=("81018", "81022"),
        domaines=("15235", "15043"),
    ),
    Theme(
        (
            "Nouveaux arrivants : premiers mots, premières démarches",
            "Accueil en français des personnes réfugiées à {ville}",
            "Bienvenue : français des premiers mois, {lieu}",
        ),
        "Faire seul les premières démarches : préfecture, banque, logement, médecin, école.",
        "Chaque semaine une démarche, préparée en classe puis faite ensemble sur place.",
        ("administrations", "banque-poste", "logement", "sante"),
        ("infra A1.1", "infra A1.1", "A1", "A1.1"),
        publics=("81023", "81042"),
        info_publics="Personnes arrivées depuis moins de cinq ans, bénéficiaires d’une protection internationale",
    ),
    Theme(
        (
            "Vivre en France : citoyenneté et français",
            "Les valeurs de la République en mots simples, {ville}",
            "Citoyens à {ville} : ateliers de français",
        ),
        "Comprendre les droits et les devoirs, le fonctionnement de la commune, et préparer un entretien en "
        "préfecture.",
        "Débats, films courts, visite de la mairie et du tribunal, rencontre avec des élus.",
        ("citoyennete", "administrations"),
        ("A2", "A2", "B1", "B1"),
        visees=("sociale", "certification"),
        certification="TCF, carte de résident",
    ),
    Theme(
        (
            "Le permis des mots : français et code de la route",
            "Français et mobilité à {ville}",
            "Se déplacer pour travailler : langue et code de la route",
        ),
        "Comprendre les questions du code, lire les panneaux, préparer un trajet.",
        "Vocabulaire de la route, séries de questions expliquées, lecture de plans et d’horaires.",
        ("transports", "emploi"),
        ("A1", "A1", "A2", "A2"),
        publics=("80006", "80010", "81022"),
        visees=("sociale", "professionnelle"),
    ),
    Theme(
        (
            "Jeunes en route : français 16-25 ans",
            "Français pour les jeunes de {ville}",
            "Parole de jeunes : langue, sport et projets",
        ),
        "Prendre la parole, comprendre les consignes et construire un projet de formation.",
        "Projets courts : une affiche, une émission de radio, une rencontre sportive. Le français sert à les mener.",
        ("emploi", "culture", "numerique"),
        ("A1", "A1.1", "A2", "A1"),
        publics=("81024", "81042"),
        info_publics="Jeunes de 16 à 25 ans orientés par la mission locale ou par un foyer",
    ),
    Theme(
        (
            "Français du bâtiment et de la sécurité",
            "Langue et gestes du chantier à {ville}",
            "Comprendre les consignes au travail",
        ),
        "Comprendre les consignes de sécurité, nommer les outils, rendre compte de son travail.",
        "Fiches de poste, vidéos de chantier, gestes et mots, exercices avec un plateau technique.",
        ("emploi",),
        ("A1", "A1.1", "A2", "A1"),
        publics=("80006", "82044"),
        visees=("professionnelle",),
    ),
    Theme(
        (
            "Remise à niveau en français",
            "Consolider son français à {ville}",
            "Mieux lire, mieux écrire : perfectionnement",
        ),
        "Consolider la grammaire et l’orthographe utiles, lire un article, rédiger une lettre.",
        "Parcours individuel avec un formateur, exercices, lecture de presse et rédaction.",
        ("emploi", "culture", "numerique"),
        ("B1", "A2", "B2", "B1"),
        domaines=("15040",),
        visees=("sociale", "professionnelle"),
        conditions="Un test de positionnement d’une heure permet de choisir le groupe.",
    ),
    Theme(
        (
            "Chansons, théâtre et français",
            "Le français sur scène à {ville}",
            "Jouer pour parler : atelier théâtre, {lieu}",
        ),
        "Travailler la prononciation, la mémoire et le plaisir de parler devant les autres.",
        "Échauffements, saynètes, chansons. Une représentation est donnée en juin devant les familles.",
        ("culture", "citoyennete"),
        ("A1", "A1.1", "A2", "A1"),
        publics=("83056", "81022"),
    ),
    Theme(
        (
            "Budget, banque et poste",
            "Gérer ses papiers et son budget en français",
            "Papiers et démarches : atelier de {ville}",
        ),
        "Comprendre une facture, remplir un chèque, classer ses papiers, écrire à un service.",
        "Chacun apporte ses courriers. On les lit ensemble, on cherche les mots, on prépare la réponse.",
        ("banque-poste", "administrations", "commerces"),
        ("A1", "A1.1", "A1", "A1"),
        publics=("81022", "80010"),
    ),
    Theme(
        (
            "Jardin et français",
            "Cultiver sa langue : atelier au jardin partagé de {ville}",
            "Français dehors, {lieu}",
        ),
        "Parler en faisant : demander, expliquer, compter, échanger des recettes et des conseils.",
        "Séances au jardin quand il fait beau, en salle sinon. Étiquettes, recettes, calendrier des plantations.",
        ("culture", "commerces", "sante"),
        ("infra A1.1", "infra A1.1", "A1", "A1.1"),
        publics=("83056", "81020"),
    ),
)
