"""Each rule on both sides: what it refuses, with its path and its words, and what it lets through."""

import re
from pathlib import Path

import pytest
from lxml import etree

from exports.lheo.business_rules import RULES, check, examine, is_real_date
from exports.lheo.grammar import ELEMENTS, NAMESPACE
from exports.lheo.schema import validate

HANDMADE = [
    "01-asl-association-sans-nda",
    "02-oepre-ecole",
    "03-ofii-a1-plusieurs-sessions",
    "04-avec-extras",
    "05-minimal",
]


def read(xml: str) -> etree._Element:
    """Read a piece of LHEO written without its namespace."""
    return etree.fromstring(re.sub(r"^<([\w-]+)", rf'<\1 xmlns="{NAMESPACE}"', xml))


def remarks(xml: str) -> list[tuple[str, str]]:
    """Return the (path, rule) of each fault that the rules find, the root's own set aside."""
    return [(fault.path, fault.rule) for fault in check(read(xml)) if fault.rule != "racine"]


# --- real documents


@pytest.mark.parametrize("name", HANDMADE)
def test_handmade_documents_have_no_fault(lheo_facts: Path, name: str) -> None:
    assert examine(etree.parse(lheo_facts / "handmade" / f"{name}.xml").getroot(), flow=True) == []


def test_national_offer_has_no_fault(lheo_facts: Path) -> None:
    assert examine(etree.parse(lheo_facts / "samples/asl-grand-est-2.3.xml").getroot(), flow=True) == []


def test_faulty_offer_shows_the_fault_that_libxml2_hides(lheo_facts: Path) -> None:
    """The misplaced duree-indicative stops libxml2 before the empty denomination; not us."""
    faults = examine(etree.parse(lheo_facts / "samples/fle-2.3-invalide.xml").getroot(), flow=True)
    action = "/lheo/offres/formation[1]/action[1]"
    assert {(fault.path, fault.rule, fault.line) for fault in faults} == {
        (f"{action}/rythme-formation", "texte-court", 51),
        (f"{action}/info-public-vise", "texte-court", 53),
        (f"{action}/duree-indicative", "element-mal-place", 65),
        (f"{action}/lieu-de-formation[1]/coordonnees/adresse/denomination", "texte-court", 71),
    }


def test_document_of_the_former_version_is_refused(lheo_facts: Path) -> None:
    (fault,) = examine(etree.parse(lheo_facts / "samples/bts-2.2.xml").getroot(), flow=True)
    assert (fault.path, fault.rule) == ("/lheo", "element-inconnu")
    assert "http://www.lheo.org/2.2" in fault.message


def test_one_formation_is_examined_alone(lheo_facts: Path) -> None:
    """A fragment is checked before it is stored; paths then start at the formation."""
    root = etree.parse(lheo_facts / "handmade/05-minimal.xml").getroot()
    formation = root.find(f".//{{{NAMESPACE}}}formation")
    assert examine(formation) == []
    formation.find(f".//{{{NAMESPACE}}}rythme-formation").text = "   "
    (fault,) = examine(formation)
    assert (fault.path, fault.rule) == ("/formation/action[1]/rythme-formation", "texte-blanc")


# --- rules


def test_every_rule_has_its_own_code() -> None:
    codes = [rule.code for rule in RULES]
    assert len(codes) == len(set(codes))
    assert all(rule.elements <= set(ELEMENTS) for rule in RULES)


@pytest.mark.parametrize("text", ["20260228", "20240229", "20261231", "20260200", "20260000", "19000101"])
def test_real_dates(text: str) -> None:
    assert is_real_date(text)
    for name in ("debut", "fin", "date"):
        assert remarks(f"<{name}>{text}</{name}>") == []


@pytest.mark.parametrize("text", ["20260231", "20261931", "20260229", "20260012", "20261300", "00000101", "20269900"])
def test_dates_out_of_the_calendar(text: str) -> None:
    assert not is_real_date(text)
    for name in ("debut", "fin", "date"):
        assert remarks(f"<{name}>{text}</{name}>") == [(f"/{name}", "date-reelle")]


@pytest.mark.parametrize(
    ("name", "unknown", "refused"),
    [("debut", "00000000", "99999999"), ("date", "00000000", "99999999"), ("fin", "99999999", "00000000")],
)
def test_unknown_dates_have_their_side(name: str, unknown: str, refused: str) -> None:
    assert remarks(f"<{name}>{unknown}</{name}>") == []
    (fault,) = (f for f in check(read(f"<{name}>{refused}</{name}>")) if f.rule != "racine")
    assert unknown in fault.message
    assert fault.rule == "date-reelle"


def period(start: str, end: str) -> str:
    return f"<periode><debut>{start}</debut><fin>{end}</fin></periode>"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("20260901", "20260901"),
        ("20260901", "20260902"),
        ("20260915", "20260900"),  # ends some day of the month in which it starts
        ("20260915", "20260000"),
        ("20260200", "20260201"),
        ("00000000", "20200101"),
        ("20260901", "99999999"),
        ("00000000", "99999999"),
    ],
)
def test_periods_in_order(start: str, end: str) -> None:
    assert remarks(period(start, end)) == []


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("20260902", "20260901"),
        ("20260301", "20260200"),
        ("20270000", "20261231"),
        (" 20260902 ", "20260901"),
    ],
)
def test_periods_that_end_before_they_start(start: str, end: str) -> None:
    assert remarks(period(start, end)) == [("/periode/fin", "periode-inversee")]


@pytest.mark.parametrize(
    "number",
    [
        "77897285100068",
        "00000000000000",  # no SIRET
        "35600000009075",  # La Poste: its establishments have their own key
    ],
)
def test_siret_accepted(number: str) -> None:
    assert remarks(f"<SIRET>{number}</SIRET>") == []


@pytest.mark.parametrize(
    "number", ["77897285100069", "ABCDEFGHIJKLMN", "778 972 851 00", "7789728510006", "٧٧٨٩٧٢٨٥١٠٠٠٦٨", ""]
)
def test_siret_refused(number: str) -> None:
    assert remarks(f"<SIRET>{number}</SIRET>") == [("/SIRET", "siret")]


@pytest.mark.parametrize("number", ["00000000000", "11750000000", "99999999999"])
def test_activity_number_accepted(number: str) -> None:
    assert remarks(f"<numero-activite>{number}</numero-activite>") == []


@pytest.mark.parametrize("number", ["1175000000", "117500000000", "117500000-0", "NON DECLARE"])
def test_activity_number_refused(number: str) -> None:
    assert remarks(f"<numero-activite>{number}</numero-activite>") == [("/numero-activite", "numero-activite")]


@pytest.mark.parametrize("name", sorted(name for name, known in ELEMENTS.items() if known.limits))
def test_texts_of_spaces_only(name: str) -> None:
    """Refused in each text that may not be empty, no-break spaces too; let through in the others."""
    expected = (ELEMENTS[name].limits or (0, 0))[0] > 0
    for blank in (" ", "\u00a0", "\n\t"):
        rules = {rule for _, rule in remarks(f'<{name} ref="V14">{blank}</{name}>')}
        assert ("texte-blanc" in rules) is expected
    assert "texte-blanc" not in {rule for _, rule in remarks(f'<{name} ref="V14"> a</{name}>')}


@pytest.mark.parametrize("name", ["formation", "action", "session", "resume-offre", "resume-organisme"])
def test_dates_in_attributes(name: str) -> None:
    assert remarks(f'<{name} datecrea="20240229" datemaj="20260901"/>') == []
    for refused in (
        "hier",
        "",
        "20260231",
        "20260900",
        "2026-09-01",
        "2026-09-01T08:00:00+02:00",
        "00000000",
    ):
        assert remarks(f'<{name} datemaj="{refused}"/>') == [(f"/{name}/@datemaj", "date-attribut")]
        assert remarks(f'<{name} datecrea="{refused}"/>') == [(f"/{name}/@datecrea", "date-attribut")]


@pytest.mark.parametrize("name", ["lheo", "lheo-index"])
def test_dates_of_the_file_may_be_iso(name: str) -> None:
    assert remarks(f'<{name} datecrea="2026-09-01" datemaj="2026-09-15T08:00:00+02:00"/>') == []
    assert remarks(f'<{name} datemaj="20260901"/>') == []
    assert remarks(f'<{name} datemaj="hier"/>') == [(f"/{name}/@datemaj", "date-attribut")]


@pytest.mark.parametrize("name", sorted(name for name, known in ELEMENTS.items() if known.bounds))
def test_numbers_within_bounds(name: str) -> None:
    low, high = ELEMENTS[name].bounds or (0, 0)
    for accepted in (low, high, f" {high} ", f"+{high}", f"000{high}"):
        assert remarks(f"<{name}>{accepted}</{name}>") == []
    for refused in (low - 1, high + 1, 2**63 - 1):
        assert remarks(f"<{name}>{refused}</{name}>") == [(f"/{name}", "entier-hors-bornes")]
    for unreadable in ("douze", "9" * 5000):  # the schema's business
        assert remarks(f"<{name}>{unreadable}</{name}>") == []
        assert [fault.rule for fault in validate(read(f"<{name}>{unreadable}</{name}>"))] == ["entier-forme"]


@pytest.mark.parametrize("name", ["code-FORMACODE", "code-public-vise", "code-modalite-pedagogique"])
def test_formacodes_say_their_version(name: str) -> None:
    assert remarks(f'<{name} ref="V14">15235</{name}>') == []
    for refused in ("", ' ref=""', ' ref=" "'):
        assert remarks(f"<{name}{refused}>15235</{name}>") == [(f"/{name}/@ref", "ref-absente")]


def test_references_lead_somewhere() -> None:
    assert remarks('<offres><formation id="a"/><formation idref=" a "/></offres>') == []
    assert remarks('<offres><formation id="a"/><formation idref="b"/></offres>') == [
        ("/offres/formation[2]/@idref", "idref-orphelin")
    ]


@pytest.mark.parametrize("name", sorted(ELEMENTS))
def test_only_a_document_may_be_the_root(name: str) -> None:
    """The schema takes any element as a root: a flow is lheo, a fragment is formation."""
    root = read(f"<{name}/>")
    assert any(fault.rule == "racine" for fault in check(root)) is (name not in ("lheo", "formation"))
    assert any(fault.rule == "racine" for fault in check(root, flow=True)) is (name != "lheo")


def test_other_languages_inside_an_extra_are_passed_over() -> None:
    assert remarks('<extras><extra><SIRET xmlns="urn:exemple">non</SIRET></extra></extras>') == []
    assert remarks("<extras><extra><SIRET>non</SIRET></extra></extras>") == [("/extras/extra[1]/SIRET", "siret")]


# --- what is said


def test_one_mistake_gets_one_remark() -> None:
    """A SIRET too short is the schema's fault and ours: only one is told."""
    root = read("<organisme-formation-responsable/>")
    etree.SubElement(etree.SubElement(root, f"{{{NAMESPACE}}}SIRET-formateur"), f"{{{NAMESPACE}}}SIRET").text = "123"
    at_siret = [fault for fault in examine(root) if fault.path.endswith("/SIRET")]
    assert [fault.rule for fault in at_siret] == ["texte-court"]


def test_messages_say_how_to_mend() -> None:
    """A few, word for word: what a moderator reads."""
    said = {
        "<code-public-vise>81022</code-public-vise>": (
            "Il manque la version du Formacode sur « code-public-vise ». "
            'Ajoutez l’attribut « ref », par exemple ref="V14".'
        ),
        period("20260902", "20260901"): (
            "La période finit avant de commencer. Vérifiez la date de début et la date de fin."
        ),
        "<nb-places>-1</nb-places>": "-1 ne convient pas à « nb-places ». Écrivez un nombre de 0 à 99999.",
        "<SIRET>77897285100069</SIRET>": (
            "Le SIRET « 77897285100069 » n’existe pas, un chiffre est faux. Vérifiez-le."
        ),
    }
    for xml, message in said.items():
        (fault,) = (fault for fault in check(read(xml)) if fault.rule != "racine")
        assert fault.message.replace("\u00a0", " ") == message


@pytest.mark.parametrize(
    ("xml", "path", "rule", "words"),
    [
        (
            "<periode><fin>20260901</fin></periode>",
            "/periode/debut",
            "element-manquant",
            "Il manque « debut »",
        ),
        (
            "<geolocalisation><longitude/><latitude/></geolocalisation>",
            None,
            "element-mal-place",
            "à sa place",
        ),
        (
            "<telfixe>" + "<numtel>1</numtel>" * 4 + "</telfixe>",
            "/telfixe/numtel[4]",
            "element-en-trop",
            "3 au plus",
        ),
        ("<telfixe><numtel>1</numtel>x</telfixe>", "/telfixe", "texte-interdit", "Retirez le texte « x »"),
        ("<telfixe><numtel>1</numtel><tel/></telfixe>", "/telfixe/tel", "element-inconnu", "rangez-le"),
        (
            '<telfixe><numtel>1</numtel><a xmlns="urn:x"/></telfixe>',
            "/telfixe/a",
            "element-inconnu",
            "« urn:x »",
        ),
        ("<ville>" + "x" * 51 + "</ville>", "/ville", "texte-long", "compte 51 caractères, pour 50 au plus"),
        ("<pays>F</pays>", "/pays", "texte-court", "compte 1 caractère, il en faut 2."),
        ("<pays/>", "/pays", "texte-court", "« pays » est vide. Remplissez-le."),
        ("<certifiante>oui</certifiante>", "/certifiante", "code-inconnu", "Choisissez parmi 0, 1."),
        ("<debut>hier</debut>", "/debut", "date-forme", "huit chiffres"),
        ("<nb-places>dix</nb-places>", "/nb-places", "entier-forme", "nombre entier"),
        ('<nom datemaj="20260901">x</nom>', "/nom/@datemaj", "attribut-inconnu", "n’existe pas sur « nom »"),
        (
            '<nom horodatage-creation="hier">x</nom>',
            "/nom/@horodatage-creation",
            "attribut-forme",
            "date avec son",
        ),
        ('<nom id="1">x</nom>', "/nom/@id", "attribut-forme", "identifiant"),
        ("<nom><b>x</b></nom>", "/nom/b", "element-inconnu", "HTML"),
        ("<catalogue/>", "/catalogue", "element-inconnu", "n’existe pas dans LHEO 2.3"),
    ],
)
def test_structural_faults_have_a_path_and_plain_words(xml: str, path: str | None, rule: str, words: str) -> None:
    (fault,) = validate(read(xml))
    assert fault.rule == rule
    assert path in (None, fault.path)
    assert words in fault.message.replace("\u00a0", " ")
    assert fault.line == 1


def test_what_only_libxml2_sees_is_still_told() -> None:
    """An xsi:type is beyond our walk: the document is refused all the same."""
    root = read('<ville xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="inconnu">x</ville>')
    faults = validate(root)
    assert faults
    assert {fault.rule for fault in faults} == {"schema"}


def test_the_fewest_misplaced_children_are_named() -> None:
    root = read("<adresse><ville>V</ville><ligne>a</ligne><ligne>b</ligne><codepostal>75001</codepostal></adresse>")
    (fault,) = validate(root)
    assert fault.path == "/adresse/ville"
    assert "après « codepostal »" in fault.message.replace("\u00a0", " ")


def test_validating_twice_gives_the_same_answer() -> None:
    """libxml2 notes the identifiers of a tree on it: a second look must not find them taken."""
    root = read('<adresse><ligne id="a">x</ligne><codepostal>75001</codepostal><ville id="b">V</ville></adresse>')
    assert validate(root) == validate(root) == []


def test_very_deep_extras_are_walked() -> None:
    depth = 250  # libxml2 itself stops reading a little deeper
    faults = validate(read("<extras>" + "<extras>" * depth + "faux" + "</extras>" * depth + "</extras>"))
    assert [fault.rule for fault in faults] == ["texte-interdit"]
