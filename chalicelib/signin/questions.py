"""Security questions, for portals that insist on them: asked besides a link, never instead of one.

Answers are folded before they are hashed, so that case, accents and spaces do not matter, and shown to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..errors import Invalid
from ..people.matching import name_key
from ..people.shapes import QuestionAnswered
from ..security import passwords

QUESTIONS: Final = (
    "What was the name of your first pet?",
    "In which town did your parents meet?",
    "What was the first concert you went to?",
    "What was the name of your first teacher?",
    "Which street did you live in when you were ten?",
    "What did you want to be when you were a child?",
)
_LEAST, _MOST = 3, 100  # letters and digits of an answer; characters that are read


def chosen(count: int, given: Mapping[str, str]) -> tuple[QuestionAnswered, ...] | None:
    """The questions chosen and the answers given (`question_1`, `answer_1` ...); None where none are asked. Raises Invalid."""
    wrong: dict[str, str] = {}
    made: dict[str, str] = {}
    for place in range(1, count + 1):
        question, answer = given.get(f"question_{place}", ""), _folded(given.get(f"answer_{place}", ""))
        if question not in QUESTIONS:
            wrong[f"question_{place}"] = "Choose a question."
        elif question in made:
            wrong[f"question_{place}"] = "Choose another question: this one is chosen already."
        if len(answer) < _LEAST:
            wrong[f"answer_{place}"] = f"Answer with at least {_LEAST} letters or digits."
        made.setdefault(question, answer)
    if wrong:
        raise Invalid(fields=wrong)
    hashed = tuple(QuestionAnswered(question=each, answer_hash=passwords.hashed(made[each])) for each in made)
    return hashed or None


def are_right(held: tuple[QuestionAnswered, ...], given: Mapping[str, str]) -> bool:
    """Whether every answer (`answer_1` ... in the order of the questions held) is right. All are compared."""
    right = [
        passwords.matches(each.answer_hash, _folded(given.get(f"answer_{place}", "")))
        for place, each in enumerate(held, start=1)
    ]
    return all(right)


def _folded(answer: str) -> str:
    return name_key(answer[:_MOST])
