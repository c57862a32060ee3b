"""Who may do what: the core's own rules, after what extensions decide.

====================== ============== ============================================================
who                    may read       may submit
====================== ============== ============================================================
public                 public things  nothing
anonymizer             its products   its kinds, under its own id
deanonymizer           its products   its kinds, under its own id, against other teams' anonymizers
organiser              everything     nothing
====================== ============== ============================================================

A token may do what any of its grants allows; of several, the one that fits a request best decides.
Who is disqualified submits nothing and is attacked by nobody.

Rankings are shown to whom the challenge's ``ranking.visible_to`` says, and from then on.

Under ``auth = "open"`` there are no identities and the ids in the query are believed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import attrs
import structlog

from anomed_core.errors import InvalidParameterError, NotAllowedError, NotAuthenticatedError
from anomed_core.ledger import EVERY_CHALLENGE, Grant, Identity, Owner
from anomed_core.model import DataProduct, Role, Split, Subject, SubmissionKind
from anomed_core.service.hosting import HostedChallenge

log = structlog.get_logger(__name__)

_OWN_ID = {Role.ANONYMIZER: "anonymizer", Role.DEANONYMIZER: "deanonymizer"}
_WHERE_TO_SEND = (
    "A token is required; send it as Authorization: Bearer TOKEN, or in the URL as "
    "http://ID:TOKEN@host/."
)


@attrs.frozen(kw_only=True)
class Authorizer:
    """Decides about requests.

    Attributes
    ----------
    identify
        Returns who a token belongs to.
    owner
        Returns whose an id is, if anybody has a token for it, or had one.
    trusts_ids
        Whether the ids in a query are believed without a token: ``auth`` is ``open``.
    """

    identify: Callable[[str], Identity | None]
    owner: Callable[[Grant], Owner | None]
    trusts_ids: bool

    def identity(self, name: str | None, token: str | None) -> Identity | None:
        """Return who asks.

        Parameters
        ----------
        name
            User name, if the token came as HTTP Basic.
        token
            The token, if one came.

        Returns
        -------
        Identity or None
            ``None`` without a token, and always under ``open``.

        Raises
        ------
        NotAuthenticatedError
            If the token is unknown, revoked, or `name` is neither its team nor an id of its grants.
        """
        if self.trusts_ids or token is None:
            return None
        identity = self.identify(token)
        if identity is None or (name and name not in _names(identity)):
            raise NotAuthenticatedError("The token is not valid here; ask the organiser for one.")
        return identity

    def may_read(
        self,
        hosted: HostedChallenge,
        product: DataProduct,
        identity: Identity | None,
        parameters: Mapping[str, str],
    ) -> None:
        """Raise unless the caller may read this product.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
        """
        grant = acting_grant(identity, hosted, product.audience, parameters)
        if self._decided(hosted, f"read {product.path}", grant):
            return
        if self.trusts_ids or Role.PUBLIC in product.audience:
            return
        known = _known_here(grant, hosted)
        if known.role is Role.ORGANISER:
            return
        if known.role not in product.audience:
            raise NotAllowedError(f"{product.path} is not for the role {known.role}.")
        _refuse_other_ids(known, parameters)
        self._refuse_targets(hosted, identity, known, parameters)

    def may_submit(
        self,
        hosted: HostedChallenge,
        kind: SubmissionKind,
        identity: Identity | None,
        parameters: Mapping[str, str],
    ) -> None:
        """Refuse a submission under another role or another's id, and of a disqualified team.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
        """
        grant = acting_grant(identity, hosted, {kind.submitter}, parameters)
        _refuse_disqualified(identity)
        if self._decided(hosted, f"submit {kind.name}", grant) or self.trusts_ids:
            return
        known = _known_here(grant, hosted)
        if known.role is not kind.submitter:
            raise NotAllowedError(
                f"{kind.path} takes submissions of the role {kind.submitter}, not {known.role}."
            )
        _refuse_other_ids(known, parameters)
        self._refuse_targets(hosted, identity, known, parameters)

    def may_see(self, hosted: HostedChallenge, subject: Subject, identity: Identity | None) -> None:
        """Refuse to show a subject's scores or history to anybody else but the organiser.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
        """
        ids = {"anonymizer": subject.anonymizer, "deanonymizer": subject.deanonymizer}
        grant = acting_grant(identity, hosted, {subject.role}, ids)
        if self._decided(hosted, "see scores", grant) or self.trusts_ids:
            return
        known = _known_here(grant, hosted)
        if known.role is Role.ORGANISER:
            return
        own = subject.anonymizer if known.role is Role.ANONYMIZER else subject.deanonymizer
        if known.role is not subject.role or known.holder != own:
            raise NotAllowedError("You can see your own scores and attempts only.")

    def grants(self, hosted: HostedChallenge, identity: Identity | None) -> tuple[Grant, ...]:
        """Return what a token grants here; nothing under ``open``, where none is looked at.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
            Without a token, and with one of another challenge.
        """
        if self.trusts_ids:
            return ()
        _known_here(acting_grant(identity, hosted), hosted)
        return tuple(g for g in (identity.grants if identity else ()) if is_here(g, hosted))

    def may_see_targets(self, hosted: HostedChallenge, identity: Identity | None) -> None:
        """Refuse to tell anybody but attackers and the organiser whom one can attack.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
        """
        grant = acting_grant(identity, hosted, {Role.DEANONYMIZER})
        if self._decided(hosted, "see targets", grant) or self.trusts_ids:
            return
        known = _known_here(grant, hosted)
        if known.role not in {Role.DEANONYMIZER, Role.ORGANISER}:
            raise NotAllowedError(f"/targets is not for the role {known.role}.")

    def may_rank(
        self,
        hosted: HostedChallenge,
        identity: Identity | None,
        *,
        shown_from: datetime | None,
        split: Split = Split.VALIDATION,
    ) -> None:
        """Refuse to tell who won to whom it is not shown, or not yet.

        Parameters
        ----------
        hosted
            The challenge.
        identity
            Who asks.
        shown_from
            When rankings are shown, if that is still to come.
        split
            What is ranked; tuning is nobody's business but the organiser's.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
        """
        grant = acting_grant(identity, hosted)
        if self._decided(hosted, "see rankings", grant):
            return
        if grant is not None and grant.role is Role.ORGANISER:
            _known_here(grant, hosted)
            return
        if split is Split.TUNING and not self.trusts_ids:
            _known_here(grant, hosted)
            raise NotAllowedError("Tuning scores are ranked for the organiser only.")
        visible_to = hosted.shown.visible_to
        if visible_to != Role.PUBLIC and not self.trusts_ids:
            _known_here(grant, hosted)
        if visible_to == Role.ORGANISER:
            raise NotAllowedError("The rankings of this challenge are shown to its organiser only.")
        if shown_from is not None:
            raise NotAllowedError(f"The rankings are shown from {shown_from.isoformat()} on.")

    def _refuse_targets(
        self,
        hosted: HostedChallenge,
        identity: Identity | None,
        known: Grant,
        parameters: Mapping[str, str],
    ) -> None:
        """Refuse attacks on anonymizers that do not take part, are disqualified, or one's own.

        Each pair has attempts, a final and draws of its own; otherwise inventing partner names
        would give unlimited attempts. And a team that attacks itself could lose on purpose.
        """
        target = parameters.get("anonymizer", "")
        if known.role is not Role.DEANONYMIZER or not target:
            return
        owner = self.owner(Grant(role=Role.ANONYMIZER, holder=target, challenge=hosted.id))
        if owner is None:
            raise NotAllowedError(
                f"There is no anonymizer {target[:128]!r} in this challenge; attack one that takes "
                "part, or ask the organiser for their names."
            )
        if identity is not None and owner.team == identity.team:
            raise NotAllowedError(
                f"The anonymizer {target!r} is your own team's; attack one of another team."
            )
        if owner.disqualified:
            raise NotAllowedError(
                f"The anonymizer {target!r} is disqualified ({owner.disqualified}); attack another "
                "one."
            )

    def _decided(self, hosted: HostedChallenge, action: str, grant: Grant | None) -> bool:
        """Ask the extensions first.

        Returns
        -------
        bool
            Whether one of them allows it; False leaves it to our own rules.
        """
        try:
            decision = hosted.hook("anomed_authorize")(
                challenge=hosted.challenge, action=action, subject=_as_subject(grant)
            )
        except Exception as error:
            log.exception("authorization failed", challenge=hosted.id, action=action)
            raise NotAllowedError("It could not be decided whether this is allowed.") from error
        if decision is False:
            raise NotAllowedError("This is not allowed here.")
        return decision is True


def acting_grant(
    identity: Identity | None,
    hosted: HostedChallenge,
    roles: Collection[Role] = (),
    query: Mapping[str, str] = {},
) -> Grant | None:
    """Return the grant of a token that fits a request best; ``None`` without a token.

    Parameters
    ----------
    identity
        Who asks.
    hosted
        The challenge.
    roles
        Who the request is meant for; organisers are meant always.
    query
        The ids that it names.
    """

    def fit(grant: Grant) -> tuple[bool, bool, int]:
        named = query.get(_OWN_ID.get(grant.role, ""), "")
        is_meant = grant.role in roles or grant.role is Role.ORGANISER
        return is_here(grant, hosted), is_meant, 2 if named == grant.holder else not named

    return max(identity.grants, key=fit, default=None) if identity is not None else None


def with_own_id(
    query: Mapping[str, str],
    identity: Identity | None,
    hosted: HostedChallenge,
    roles: Collection[Role],
) -> dict[str, str]:
    """Fill in the id of the token's holder where the query leaves it out.

    Otherwise all who leave it out would be one subject, and spend each other's attempts.

    Parameters
    ----------
    query
        Query parameters by name; absent ones may be empty.
    identity
        Who asks; the query of an organiser, or of somebody without a token, stays as it is.
    hosted, roles
        See `acting_grant`.

    Raises
    ------
    InvalidParameterError
        If the token has several ids of the role, so that nobody knows which is meant.
    """
    grant = acting_grant(identity, hosted, roles, query)
    name = _OWN_ID.get(grant.role) if grant is not None else None
    if identity is None or grant is None or name is None or query.get(name):
        return dict(query)
    ids = [g.holder for g in identity.grants if g.role is grant.role and is_here(g, hosted)]
    if len(ids) > 1:
        raise InvalidParameterError(name, f"your token holds {', '.join(ids)}; say which is meant.")
    return {**query, name: grant.holder}


def _names(identity: Identity) -> set[str]:
    return {identity.team, *(grant.holder for grant in identity.grants)}


def is_here(grant: Grant, hosted: HostedChallenge) -> bool:
    """Return whether a grant is for a challenge."""
    return grant.challenge in {hosted.id, EVERY_CHALLENGE}


def _as_subject(grant: Grant | None) -> Subject | None:
    if grant is None:
        return None
    return Subject(
        role=grant.role,
        anonymizer=grant.holder if grant.role is Role.ANONYMIZER else "",
        deanonymizer=grant.holder if grant.role is Role.DEANONYMIZER else "",
    )


def _known_here(grant: Grant | None, hosted: HostedChallenge) -> Grant:
    if grant is None:
        raise NotAuthenticatedError(_WHERE_TO_SEND)
    if not is_here(grant, hosted):
        raise NotAllowedError("The token belongs to another challenge.")
    return grant


def _refuse_disqualified(identity: Identity | None) -> None:
    if identity is not None and identity.disqualified:
        raise NotAllowedError(
            f"The team {identity.team!r} is disqualified ({identity.disqualified}); nothing that "
            "it submits is taken."
        )


def _refuse_other_ids(grant: Grant, parameters: Mapping[str, str]) -> None:
    name = _OWN_ID.get(grant.role)
    given = parameters.get(name, "") if name else ""
    if name and given and given != grant.holder:
        raise NotAllowedError(
            f'The "{name}" parameter is {given!r}, but the token belongs to {grant.holder!r}.'
        )
