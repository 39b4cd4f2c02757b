"""Technical terms of health care with explanations in plain words, written for this program."""

from __future__ import annotations

import re
from functools import cache

import msgspec


class Term(msgspec.Struct, frozen=True):
    """A technical term: `id` is used in addresses, `forms` are its spellings, the usual one first."""

    id: str
    forms: tuple[str, ...]
    means: str

    @property
    def name(self) -> str:
        """The usual spelling."""
        return self.forms[0]


class Occurrence(msgspec.Struct, frozen=True):
    """An occurrence of a term in a text, from `start` up to, not including, `end`."""

    start: int
    end: int
    term: Term


def _term(forms: str, means: str) -> Term:
    names = tuple(forms.split(" | "))
    return Term(re.sub(r"[^a-z0-9]+", "-", names[0].lower()).strip("-"), names, means)


# `means` is English, and gettext's message id.
TERMS = (
    _term(
        "A&E | ED | emergency department | accident and emergency",
        "The part of a hospital for people who need help at once. It is open day and night.",
    ),
    _term(
        "advocate | advocates", "Somebody who speaks up for you, or helps you to speak, and does not work for the ward."
    ),
    _term(
        "AMHP | approved mental health professional",
        "A specially trained person, often a social worker, who decides "
        "with doctors whether somebody must go to hospital against their will.",
    ),
    _term("bed manager", "The person who finds out which hospital bed is free, and who gets it."),
    _term("BTP | British Transport Police", "The police of the railways."),
    _term("CAMHS", "Mental-health services for children and young people."),
    _term(
        "care coordinator | care co-ordinator", "The one worker who keeps an eye on all the help that a person gets."
    ),
    _term(
        "care plan | care plans", "A paper that says what help you get, from whom, and what to do when it gets worse."
    ),
    _term(
        "CMHT | community mental health team",
        "Nurses, doctors and others who see people at home or in a clinic, and not on a ward.",
    ),
    _term("commissioner | commissioners", "Somebody who decides which services are paid for with public money."),
    _term(
        "CQC | Care Quality Commission",
        "The office that inspects hospitals and care homes in England, and says in public how good they are.",
    ),
    _term("crisis house", "An ordinary house with staff, where somebody can stay for some days instead of a ward."),
    _term("crisis line", "A phone number for people whose mind is in trouble now."),
    _term(
        "crisis team | CRHT | home treatment team",
        "Workers who come to your home, often every day, so that you need not go to hospital.",
    ),
    _term("DBT", "A talking treatment that teaches how to get through strong feelings without being hurt by them."),
    _term("depot", "Medicine given as an injection every few weeks, in the place of daily tablets."),
    _term(
        "discharge | discharged", "Being sent home from hospital, or from a service, because it is thought to be time."
    ),
    _term("duty worker | duty desk", "The worker who answers whatever comes in today."),
    _term("GP | GPs", "The family doctor, whom you see first with most things."),
    _term("handover", "The minutes in which one shift tells the next what it must know."),
    _term(
        "HBPoS | health-based place of safety | place of safety | 136 suite",
        "A room, mostly in a hospital, to which the police may bring somebody who is in a crisis. It is not a cell.",
    ),
    _term("ICB | integrated care board", "The public body that plans and pays for most health services in an area."),
    _term("informal patient", "Somebody who is in hospital because they agreed to it, and who may leave."),
    _term("inpatient | in-patient | inpatients", "Somebody who sleeps in the hospital."),
    _term("key worker | keyworker", "The worker you know best, and to whom you turn first."),
    _term(
        "liaison psychiatry | psychiatric liaison | liaison team",
        "Mental-health workers inside a general hospital. They are called when somebody there needs them.",
    ),
    _term("lived experience", "What you know because it happened to you, or to somebody near you."),
    _term(
        "Mental Health Act",
        "The law in England and Wales that says when somebody can be kept in hospital or treated "
        "against their will, and what rights they have.",
    ),
    _term(
        "MHA assessment | Mental Health Act assessment",
        "Two doctors and one other trained person meet you, and decide whether you must go to hospital.",
    ),
    _term("NHS", "The public health service of the United Kingdom. You do not pay when you use it."),
    _term("NHS 111", "A free phone number for health questions that cannot wait. Option 2 is for mental health."),
    _term("next of kin", "The person a hospital calls first, most often the nearest relative."),
    _term(
        "observations | on obs | one-to-one",
        "A member of staff looks in on you every few minutes, or stays with you all the time.",
    ),
    _term("out of area", "In a hospital far from home, because there is no bed nearby."),
    _term("PALS", "The desk in a hospital that helps with worries and complaints."),
    _term(
        "peer support worker | peer worker | peer support",
        "Somebody who has been through it, and is now paid to help others through.",
    ),
    _term("psychosis | psychotic", "A time in which somebody sees, hears or believes things that others do not."),
    _term("PRN", "Medicine that is given when it is needed, and not at fixed times."),
    _term("RAID", "One kind of team for mental health inside a general hospital. See liaison psychiatry."),
    _term("referral | referrals | referred", "A letter or call by which one service sends you to another."),
    _term("registrar | registrars", "A doctor who has been one for some years, and is learning to be a specialist."),
    _term("rapid tranquillisation", "Strong medicine that calms somebody fast, sometimes against their will."),
    _term("restraint", "Holding somebody so that they cannot move."),
    _term("risk assessment", "Questions by which staff try to tell whether somebody may come to harm."),
    _term("safeguarding", "What services must do when a child or an adult may be harmed by others."),
    _term(
        "section 2",
        "The part of the Mental Health Act by which somebody is kept in hospital for up to 28 days, to "
        "find out what they need.",
    ),
    _term(
        "section 3",
        "The part of the Mental Health Act by which somebody is kept in hospital for treatment, at first "
        "for up to six months.",
    ),
    _term(
        "section 136 | S136 | s136 | Section 136",
        "The law by which the police may take somebody from a public place "
        "to a place of safety, when they seem to need help at once because of their mind.",
    ),
    _term("sectioned", "Kept in hospital under the Mental Health Act."),
    _term("street triage", "A nurse and the police go out together when somebody is in distress."),
    _term("tribunal", "Three independent people who decide whether somebody must stay in hospital."),
    _term("triage | triaged", "The first short talk, in which somebody decides who must be seen first."),
    _term("welfare check", "Somebody, often the police, goes to see whether a person is safe."),
)


def find(text: str) -> list[Occurrence]:
    """Returns the terms in a text in order; where several overlap, the longest counts."""
    by_form = _by_form()
    return [Occurrence(*match.span(), by_form[_key(match[0])]) for match in _pattern().finditer(text)]


@cache
def _by_form() -> dict[str, Term]:
    return {_key(form): term for term in TERMS for form in term.forms}


def _key(form: str) -> str:
    """Returns a form as it is compared: one in capitals unchanged ("ED" is not the name Ed), others in lower case."""
    single = " ".join(form.split())
    return single if _strict(single) else single.lower()


def _strict(form: str) -> bool:
    return " " not in form and form.upper() == form


@cache
def _pattern() -> re.Pattern[str]:
    forms = sorted({form for term in TERMS for form in term.forms}, key=len, reverse=True)
    written = [
        re.escape(form) if _strict(form) else "(?i:" + r"\s".join(map(re.escape, form.split(" "))) + ")"
        for form in forms
    ]
    return re.compile(r"(?<![\w&])(?:" + "|".join(written) + r")(?![\w&])")
