"""Who may do what: the core's own rules, after what extensions decide.

====================== ============== ============================================================
who                    may read       may submit and call
====================== ============== ============================================================
public                 public things  nothing; public operations
anonymizer             its products   its kinds and operations, under its own id
deanonymizer           its products   its own, under its own id, about other teams' anonymizers
organiser              everything     nothing; operations that are declared for organisers
====================== ============== ============================================================

A token may do what any of its grants allows; of several, the one that fits a request best decides.
Who is disqualified submits and calls nothing and is attacked by nobody.

Rankings are shown to whom the challenge's ``ranking.visible_to`` says, and from then on.

Under ``auth = "open"`` there are no identities and the ids in the query are believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import attrs
import structlog

from anomed_core.errors import NotAllowedError, NotAuthenticatedError
from anomed_core.ledger import Grant, Identity, Owner
from anomed_core.model import Caller, DataProduct, Operation, Role, Split, Subject, SubmissionKind
from anomed_core.service.acting import (
    acting_grant,
    as_subject,
    is_here,
    known_here,
    named_caller,
    names_of,
    refuse_disqualified,
    refuse_other_ids,
)
from anomed_core.service.hosting import HostedChallenge

log = structlog.get_logger(__name__)


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
        if identity is None or (name and name not in names_of(identity)):
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
        known = known_here(grant, hosted)
        if known.role is Role.ORGANISER:
            return
        if known.role not in product.audience:
            raise NotAllowedError(f"{product.path} is not for the role {known.role}.")
        refuse_other_ids(known, parameters)
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
        refuse_disqualified(identity)
        if self._decided(hosted, f"submit {kind.name}", grant) or self.trusts_ids:
            return
        known = known_here(grant, hosted)
        if known.role is not kind.submitter:
            raise NotAllowedError(
                f"{kind.path} takes submissions of the role {kind.submitter}, not {known.role}."
            )
        refuse_other_ids(known, parameters)
        self._refuse_targets(hosted, identity, known, parameters)

    def may_call(
        self,
        hosted: HostedChallenge,
        operation: Operation,
        identity: Identity | None,
        parameters: Mapping[str, str],
    ) -> Caller:
        """Return who calls an operation, or refuse the call.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
        MissingParameterError
            Under ``open``, if the query names nobody of the audience.
        """
        grant = acting_grant(identity, hosted, operation.audience, parameters)
        is_allowed = self._decided(hosted, f"call {operation.name}", grant)
        if self.trusts_ids:
            return named_caller(operation, parameters)
        is_meant = grant is not None and is_here(grant, hosted) and grant.role in operation.audience
        if not is_meant and (Role.PUBLIC in operation.audience or (is_allowed and grant is None)):
            return Caller(role=Role.PUBLIC)
        known = known_here(grant, hosted)
        refuse_disqualified(identity)
        if not is_allowed:
            if known.role not in operation.audience:
                raise NotAllowedError(f"{operation.path} is not for the role {known.role}.")
            refuse_other_ids(known, parameters)
            self._refuse_targets(hosted, identity, known, parameters)
        return Caller(id=known.holder, role=known.role, team=identity.team if identity else "")

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
        known = known_here(grant, hosted)
        if known.role is Role.ORGANISER:
            return
        own = subject.anonymizer if known.role is Role.ANONYMIZER else subject.deanonymizer
        if known.role is not subject.role or known.holder != own:
            raise NotAllowedError("You can see your own scores and attempts only.")

    def may_seal(
        self, hosted: HostedChallenge, subject: Subject, identity: Identity | None
    ) -> None:
        """Refuse to seal accounts of anybody else; organisers have a command for that.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
        """
        ids = {"anonymizer": subject.anonymizer, "deanonymizer": subject.deanonymizer}
        grant = acting_grant(identity, hosted, {subject.role}, ids)
        if self._decided(hosted, "seal accounts", grant) or self.trusts_ids:
            return
        known = known_here(grant, hosted)
        refuse_disqualified(identity)
        if known.role is not subject.role:
            raise NotAllowedError(
                f"Accounts are sealed by their holders, not by the role {known.role}."
            )
        refuse_other_ids(known, ids)

    def grants(self, hosted: HostedChallenge, identity: Identity | None) -> tuple[Grant, ...]:
        """Return what a token grants here; nothing under ``open``, where none is looked at.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
            Without a token, and with one of another challenge.
        """
        if self.trusts_ids:
            return ()
        known_here(acting_grant(identity, hosted), hosted)
        return tuple(g for g in (identity.grants if identity else ()) if is_here(g, hosted))

    def is_holder(
        self, hosted: HostedChallenge, identity: Identity | None, role: Role, holder: str
    ) -> bool:
        """Return whether a token is of this role and id here; under ``open``, everybody's is."""
        if self.trusts_ids:
            return True
        granted = identity.grants if identity is not None else ()
        return any(g.role is role and g.holder == holder and is_here(g, hosted) for g in granted)

    def organiser(self, hosted: HostedChallenge, identity: Identity | None, action: str) -> str:
        """Return the name of the organiser who asks for something that nobody else may ask for.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
            Under ``open`` always, as nobody is known to be one.
        """
        grant = acting_grant(identity, hosted, {Role.ORGANISER})
        self._decided(hosted, action, grant)
        if self.trusts_ids:
            raise NotAllowedError(
                "An organiser's token is needed, and this server looks at none; serve with "
                "--auth tokens, or use the command line."
            )
        known = known_here(grant, hosted)
        if known.role is not Role.ORGANISER:
            raise NotAllowedError(f"This is for organisers, not for the role {known.role}.")
        return known.holder

    def may_see_targets(self, hosted: HostedChallenge, identity: Identity | None) -> None:
        """Refuse to tell anybody but attackers and the organiser whom one can attack.

        Raises
        ------
        NotAuthenticatedError, NotAllowedError
        """
        grant = acting_grant(identity, hosted, {Role.DEANONYMIZER})
        if self._decided(hosted, "see targets", grant) or self.trusts_ids:
            return
        known = known_here(grant, hosted)
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
            known_here(grant, hosted)
            return
        if split is Split.TUNING and not self.trusts_ids:
            known_here(grant, hosted)
            raise NotAllowedError("Tuning scores are ranked for the organiser only.")
        visible_to = hosted.shown.visible_to
        if visible_to != Role.PUBLIC and not self.trusts_ids:
            known_here(grant, hosted)
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
                challenge=hosted.challenge, action=action, subject=as_subject(grant)
            )
        except Exception as error:
            log.exception("authorization failed", challenge=hosted.id, action=action)
            raise NotAllowedError("It could not be decided whether this is allowed.") from error
        if decision is False:
            raise NotAllowedError("This is not allowed here.")
        return decision is True
