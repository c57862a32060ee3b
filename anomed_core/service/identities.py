"""Who may do what: the core's own rules, after what extensions decide.

====================== ============== ============================================================
who                    may read       may submit
====================== ============== ============================================================
public                 public things  nothing
anonymizer             its products   its kinds, under its own id
deanonymizer           its products   its kinds, under its own id, against known anonymizers
organiser              everything     nothing
====================== ============== ============================================================

Rankings are shown to whom the challenge's ``ranking.visible_to`` says, and from then on.

Under ``auth = "open"`` there are no identities and the ids in the query are believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import attrs
import structlog

from anomed_core.errors import NotAllowedError, NotAuthenticatedError
from anomed_core.ledger import EVERY_CHALLENGE, Identity
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
    knows
        Returns whether somebody has a token, or had one.
    trusts_ids
        Whether the ids in a query are believed without a token: ``auth`` is ``open``.
    """

    identify: Callable[[str], Identity | None]
    knows: Callable[[Identity], bool]
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
            If the token is unknown, revoked, or belongs to somebody else than `name`.
        """
        if self.trusts_ids or token is None:
            return None
        identity = self.identify(token)
        if identity is None or (name and name != identity.holder):
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
        if self._decided(hosted, f"read {product.path}", identity):
            return
        if self.trusts_ids or Role.PUBLIC in product.audience:
            return
        known = _known_here(identity, hosted)
        if known.role is Role.ORGANISER:
            return
        if known.role not in product.audience:
            raise NotAllowedError(f"{product.path} is not for the role {known.role}.")
        _refuse_other_ids(known, parameters)
        self._refuse_invented_targets(hosted, known, parameters)

    def may_submit(
        self,
        hosted: HostedChallenge,
        kind: SubmissionKind,
        identity: Identity | None,
        parameters: Mapping[str, str],
    ) -> None:
        """Refuse a submission under another role or another's id.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
        """
        if self._decided(hosted, f"submit {kind.name}", identity) or self.trusts_ids:
            return
        known = _known_here(identity, hosted)
        if known.role is not kind.submitter:
            raise NotAllowedError(
                f"{kind.path} takes submissions of the role {kind.submitter}, not {known.role}."
            )
        _refuse_other_ids(known, parameters)
        self._refuse_invented_targets(hosted, known, parameters)

    def may_see(self, hosted: HostedChallenge, subject: Subject, identity: Identity | None) -> None:
        """Refuse to show a subject's scores or history to anybody else but the organiser.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
        """
        if self._decided(hosted, "see scores", identity) or self.trusts_ids:
            return
        known = _known_here(identity, hosted)
        if known.role is Role.ORGANISER:
            return
        own = subject.anonymizer if known.role is Role.ANONYMIZER else subject.deanonymizer
        if known.role is not subject.role or known.holder != own:
            raise NotAllowedError("You can see your own scores and attempts only.")

    def holder(self, hosted: HostedChallenge, identity: Identity | None) -> Identity | None:
        """Return whom a token belongs to; ``None`` under ``open``, where none is looked at.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
            Without a token, and with one of another challenge.
        """
        return None if self.trusts_ids else _known_here(identity, hosted)

    def may_see_targets(self, hosted: HostedChallenge, identity: Identity | None) -> None:
        """Refuse to tell anybody but attackers and the organiser whom one can attack.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
        """
        if self._decided(hosted, "see targets", identity) or self.trusts_ids:
            return
        known = _known_here(identity, hosted)
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
        if self._decided(hosted, "see rankings", identity):
            return
        if identity is not None and identity.role is Role.ORGANISER:
            _known_here(identity, hosted)
            return
        if split is Split.TUNING and not self.trusts_ids:
            _known_here(identity, hosted)
            raise NotAllowedError("Tuning scores are ranked for the organiser only.")
        visible_to = hosted.shown.visible_to
        if visible_to != Role.PUBLIC and not self.trusts_ids:
            _known_here(identity, hosted)
        if visible_to == Role.ORGANISER:
            raise NotAllowedError("The rankings of this challenge are shown to its organiser only.")
        if shown_from is not None:
            raise NotAllowedError(f"The rankings are shown from {shown_from.isoformat()} on.")

    def _refuse_invented_targets(
        self, hosted: HostedChallenge, known: Identity, parameters: Mapping[str, str]
    ) -> None:
        """Refuse attacks on anonymizers that do not take part.

        Each pair has attempts, a final and draws of its own; otherwise inventing partner names
        would give unlimited attempts.
        """
        target = parameters.get("anonymizer", "")
        if known.role is not Role.DEANONYMIZER or not target:
            return
        anonymizer = Identity(role=Role.ANONYMIZER, holder=target, challenge=hosted.id)
        if not self.knows(anonymizer):
            raise NotAllowedError(
                f"There is no anonymizer {target[:128]!r} in this challenge; attack one that takes "
                "part, or ask the organiser for their names."
            )

    def _decided(self, hosted: HostedChallenge, action: str, identity: Identity | None) -> bool:
        """Ask the extensions first.

        Returns
        -------
        bool
            Whether one of them allows it; False leaves it to our own rules.
        """
        try:
            decision = hosted.hook("anomed_authorize")(
                challenge=hosted.challenge, action=action, subject=_as_subject(identity)
            )
        except Exception as error:
            log.exception("authorization failed", challenge=hosted.id, action=action)
            raise NotAllowedError("It could not be decided whether this is allowed.") from error
        if decision is False:
            raise NotAllowedError("This is not allowed here.")
        return decision is True


def with_own_id(query: Mapping[str, str], identity: Identity | None) -> dict[str, str]:
    """Fill in the id of the token's holder where the query leaves it out.

    Otherwise all who leave it out would be one subject, and spend each other's attempts.

    Parameters
    ----------
    query
        Query parameters by name; absent ones may be empty.
    identity
        Who asks; the query of an organiser, or of somebody without a token, stays as it is.
    """
    name = _OWN_ID.get(identity.role) if identity is not None else None
    if identity is None or name is None or query.get(name):
        return dict(query)
    return {**query, name: identity.holder}


def _as_subject(identity: Identity | None) -> Subject | None:
    if identity is None:
        return None
    return Subject(
        role=identity.role,
        anonymizer=identity.holder if identity.role is Role.ANONYMIZER else "",
        deanonymizer=identity.holder if identity.role is Role.DEANONYMIZER else "",
    )


def _known_here(identity: Identity | None, hosted: HostedChallenge) -> Identity:
    if identity is None:
        raise NotAuthenticatedError(_WHERE_TO_SEND)
    if identity.challenge not in {hosted.id, EVERY_CHALLENGE}:
        raise NotAllowedError("The token belongs to another challenge.")
    return identity


def _refuse_other_ids(identity: Identity, parameters: Mapping[str, str]) -> None:
    name = _OWN_ID.get(identity.role)
    given = parameters.get(name, "") if name else ""
    if name and given and given != identity.holder:
        raise NotAllowedError(
            f'The "{name}" parameter is {given!r}, but the token belongs to {identity.holder!r}.'
        )
