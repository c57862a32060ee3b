"""The page on which somebody hands in files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
from markupsafe import Markup

from anomed_core.model import FormSchema, Parameter, Role, Split, Subject, SubmissionKind
from anomed_core.report import Fact, Facts, Notice, Section, when, with_moments
from anomed_core.report.forms import Field, Form
from anomed_core.service.acting import OWN_ID
from anomed_core.service.outlook import outlook_of
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.timeline import WORDS, now_open
from anomed_core.service.pages.visit import Visit
from anomed_core.service.uploads import file_formats

SPLIT = "data_split"


@attrs.frozen(kw_only=True)
class Refused:
    """Why what was handed in was not taken.

    Attributes
    ----------
    head
        What came of it, in bold.
    sentence
        The reason, as programs get it.
    link
        Address and words of what helps.
    """

    head: str
    sentence: str
    link: tuple[str, str] | None = None


def submit(
    visit: Visit,
    *,
    kind: SubmissionKind | None,
    key: Markup,
    given: Mapping[str, str] = {},
    refused: Refused | None = None,
) -> Content:
    """Return the page for one submission kind.

    Parameters
    ----------
    visit
        Who hands in what where.
    kind
        The kind that is chosen; ``None`` if the visitor can hand in none.
    key
        The hidden field of the form.
    given
        What was filled in before.
    refused
        Why that was not taken.
    """
    title = "Submit"
    if kind is None:
        return Content(title=title, parts=[*_notices(refused), *_nothing(visit)])
    subject = subject_of_form(visit, kind, given)
    return Content(
        title=f"Refused: {title}" if refused else title,
        here=title,
        lead=kind.description,
        parts=[
            *_notices(refused),
            *_others(visit, kind),
            Facts(_left(visit, kind, subject)),
            *_form(visit, kind, key=key, given=given, refused=refused),
            Section(title="Instead of a form", parts=[_instead(visit)]),
        ],
    )


def kinds_for(visit: Visit) -> list[SubmissionKind]:
    """Return what a visitor can hand in here; organisers nothing."""
    roles = {grant.role for grant in visit.players}
    return [kind for kind in visit.hosted.kinds if kind.submitter in roles]


def subject_of_form(visit: Visit, kind: SubmissionKind, given: Mapping[str, str]) -> Subject | None:
    """Return in whose name something would be handed in; ``None`` while that is open."""
    own = own_ids(visit, kind)
    named = {
        "anonymizer": given.get("anonymizer", ""),
        "deanonymizer": given.get("deanonymizer", ""),
    }
    named[OWN_ID[kind.submitter]] = named[OWN_ID[kind.submitter]] or (own[0] if own else "")
    if kind.submitter is Role.ANONYMIZER:
        named["deanonymizer"] = ""
    if not all(named[p.name] for p in kind.parameters if p.required and p.name in named):
        return None
    return Subject(role=kind.submitter, **named)


def own_ids(visit: Visit, kind: SubmissionKind) -> list[str]:
    """Return the ids under which a visitor can hand in a kind."""
    return [grant.holder for grant in visit.players if grant.role is kind.submitter]


def _nothing(visit: Visit) -> list[object]:
    if visit.is_organiser:
        return ["Organisers hand in nothing; a team needs a token of its own."]
    link = Markup('<p><a class="button main" href="{}/sign-in?next={}">Sign in</a></p>')
    words = "Sign in to take part." if not visit.is_open else "Say under which name you take part."
    return [words, link.format(visit.root, visit.at("/submit").removeprefix(visit.root))]


def _notices(refused: Refused | None) -> list[object]:
    if refused is None:
        return []
    text: str = with_moments(refused.sentence)
    if refused.link is not None:
        text = Markup('{} <a href="{}">{}</a>').format(text, *refused.link)
    return [Notice(head=refused.head, text=text, tone="bad", alert=True)]


def _others(visit: Visit, chosen: SubmissionKind) -> Iterable[object]:
    kinds = kinds_for(visit)
    if len(kinds) < 2:
        return
    links = [
        Markup("<strong>{}</strong>").format(kind.name)
        if kind is chosen
        else Markup('<a href="{}?kind={}">{}</a>').format(visit.at("/submit"), kind.name, kind.name)
        for kind in kinds
    ]
    yield Markup("<p>What you hand in: {}</p>").format(Markup(", ").join(links))


def _left(visit: Visit, kind: SubmissionKind, subject: Subject | None) -> Iterable[Fact]:
    stage = now_open(visit)
    yield Fact(name="Now open", value=stage.name, notes=[stage.until] if stage.until else [])
    quota = visit.server.submissions.quota
    if subject is None:
        return
    outlook = outlook_of(
        visit.server.ledger, challenge=visit.hosted.id, kind=kind.name, subject=subject, quota=quota
    )
    if Split.TUNING in kind.splits:
        left = outlook.tuning_remaining
        notes = []
        if quota is not None and outlook.resets_at is not None:
            notes = [Markup("{} again on {}").format(quota.attempts, when(outlook.resets_at))]
        value = "as many as you like" if left is None else f"{left} left"
        yield Fact(name="Tuning attempts", value=value, notes=notes)
    if Split.VALIDATION in kind.splits:
        words = {"open": "1 left", "claimed": "being scored", "scored": "sent"}
        yield Fact(name="Final", value=words[outlook.final], notes=["scored once"])


def _form(
    visit: Visit,
    kind: SubmissionKind,
    *,
    key: Markup,
    given: Mapping[str, str],
    refused: Refused | None,
) -> list[object]:
    split = given.get(SPLIT) or kind.splits[0].value
    fields = [
        Field(name="kind", kind="hidden", value=kind.name),
        *_files(kind, Split(split) if split in set(Split) else kind.splits[0]),
        *(
            _parameter(visit, kind, one, given)
            if one.name != SPLIT
            else Field(
                name=SPLIT,
                label="What it counts for",
                kind="choice",
                value=split,
                choices=[(each.value, _WHAT[each]) for each in kind.splits],
            )
            for one in kind.parameters
        ),
    ]
    form = Form(
        action=visit.at("/submit"),
        fields=sorted(fields, key=lambda field: field.kind != "hidden"),
        word="Submit",
        key=key,
        problem=refused.sentence if refused else "",
    )
    return [form.markup()]


_WHAT = {
    Split.TUNING: f"{WORDS[Split.TUNING]}: to learn from its score",
    Split.VALIDATION: f"{WORDS[Split.VALIDATION]}: it is scored once, and cannot be taken back",
}


def _files(kind: SubmissionKind, split: Split) -> Iterable[Field]:
    schema = kind.schema_for(split)
    parts = (
        [(f"part:{one.name}", one.name, one.schema, one.required) for one in schema.parts]
        if isinstance(schema, FormSchema)
        else [("file", "File", schema, True)]
    )
    for name, label, part, required in parts:
        formats = file_formats(part)
        yield Field(
            name=name,
            label=label,
            kind="file",
            accepts=formats,
            required=required,
            hint=f"{' or '.join(formats)}{'' if required else '; it may be left out'}",
        )


def _parameter(
    visit: Visit, kind: SubmissionKind, parameter: Parameter, given: Mapping[str, str]
) -> Field:
    own = own_ids(visit, kind)
    is_own = parameter.name == OWN_ID[kind.submitter]
    value = given.get(parameter.name) or (own[0] if is_own and own else "")
    if is_own and len(own) == 1:
        return Field(name=parameter.name, kind="hidden", value=own[0])
    return Field(
        name=parameter.name,
        label="Your id" if is_own else parameter.name.replace("_", " ").capitalize(),
        kind="select" if is_own else "text",
        choices=[(one, one) for one in own] if is_own else (),
        value=value,
        hint="" if is_own else parameter.description,
        required=parameter.required,
    )


def _instead(visit: Visit) -> Markup:
    link = Markup('<a href="{}#start">the lines to copy</a>').format(visit.at(""))
    return Markup("<p>Programs send the same: {}.</p>").format(link)
