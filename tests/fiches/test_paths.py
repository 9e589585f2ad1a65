"""The declared paths: every question is explained, limited by the grammar, and asked once."""

from __future__ import annotations

import pytest

from backoffice.models.content import spots
from exports.lheo import grammar
from forms.fiches.paths import PATHS
from forms.kit.builder import bind
from forms.kit.fields import FIELDS, limit_of
from forms.kit.questions import Kind, Rows
from forms.kit.saving import all_rows
from tests.support.factories import complete_content

QUESTIONS = [
    pytest.param(question, id=f"{dispositif}-{question.pattern}")
    for dispositif, path in PATHS.items()
    for step in path.steps
    for question in step.questions()
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_has_one_sentence_of_help_and_each_text_a_good_example(question):
    assert question.help.strip()
    assert question.help.rstrip()[-1] in ".?!»"
    if question.kind in (Kind.LINE, Kind.TEXT, Kind.LINES):
        assert question.example.strip()


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_fills_a_spot_of_the_content_that_people_may_type(question):
    spot = question.spot
    assert not spot.hidden
    assert question.kind in FIELDS
    if spot.lheo and spot.type is str and question.kind in (Kind.LINE, Kind.TEXT):
        assert limit_of(question) == grammar.limit(spot.lheo)[1] - spot.reserve


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_no_question_is_asked_twice(path):
    asked = [question.pattern for step in path.steps for question in step.questions()]
    assert len(asked) == len(set(asked))


def test_each_answer_of_the_content_is_asked_by_one_path_at_least():
    asked = {question.pattern for path in PATHS.values() for step in path.steps for question in step.questions()}
    leaves = {
        spot.pattern
        for spot in spots().values()
        if not spot.hidden and not any(other.startswith(spot.pattern + ".") for other in spots())
    }
    assert leaves == asked


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_each_finding_leads_to_the_step_that_asks(path):
    for step in path.steps:
        for question in step.questions():
            assert path.step_of(question.pattern) is step


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_the_fields_of_a_page_are_named_as_the_content_is(path):
    content = complete_content()
    for step in path.steps:
        names = {field.id for field in bind(step, content).fields()}
        for question in step.questions():
            if "[]" not in question.pattern:
                assert question.pattern.replace(".", "-") in names
        assert all(isinstance(rows, Rows) for rows in all_rows(step.items()))
