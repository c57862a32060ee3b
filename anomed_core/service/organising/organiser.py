"""What organisers do from their pages: each action calls what its command calls.

The audit says who decided. Whoever organises one of several challenges decides about what belongs
to it alone: a team that takes part elsewhere, too, and tokens for elsewhere, are for whoever
organises all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from anomed_core.errors import UsageError
from anomed_core.ledger import DELIVER, EVERY_CHALLENGE, Grant, Identity, TokenFacts
from anomed_core.model import Role, Score, Split, Subject
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.inviting import teams_in
from anomed_core.service.organising.fields import Fields, given_number, given_reason, given_subject
from anomed_core.service.reevaluation import reevaluate
from anomed_core.service.registration import Registration, Wanted, by_team
from anomed_core.service.server import Server

_MOST_ATTEMPTS = 10**6


@attrs.frozen(kw_only=True)
class Done:
    """What came of an action.

    Attributes
    ----------
    said
        One sentence.
    tokens
        Teams and their new tokens, which are told this once.
    """

    said: str
    tokens: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)


@attrs.frozen(kw_only=True)
class Organising:
    """An organiser at work in one challenge.

    Attributes
    ----------
    server, hosted
        Where.
    identity
        Whose token.
    name
        Of the organiser.
    """

    server: Server
    hosted: HostedChallenge
    identity: Identity
    name: str

    @property
    def led(self) -> frozenset[str]:
        """The challenges that the organiser decides about."""
        led = {g.challenge for g in self.identity.grants if g.role is Role.ORGANISER}
        return frozenset(self.server.challenges if EVERY_CHALLENGE in led else led)

    @property
    def leads_all(self) -> bool:
        """Whether the organiser decides about the whole server."""
        return self.led >= set(self.server.challenges)

    def annul(self, fields: Fields) -> Done:
        """Let a score count no more."""
        score, reason = self._score(fields), given_reason(fields)
        if score.annulled:
            raise UsageError(f"entry {score.id} is annulled already: {score.annulled}")
        returns = fields.get("return_attempt") == "yes"
        annulled = self.server.ledger.annul(score.id, reason, return_attempt=returns)
        also = f", and {len(annulled) - 1} that rest on it" if annulled[1:] else ""
        return Done(said=f"Entry {score.id} is annulled{also}. The team sees your reason.")

    def reevaluate(self, fields: Fields) -> Done:
        """Evaluate what was handed in again; what differs supersedes the score."""
        score = self._score(fields)
        outcomes = list(
            reevaluate(
                self.hosted,
                ledger=self.server.ledger,
                submissions=self.server.submissions.kept,
                engine=self.server.submissions.engine,
                only=(score.id,),
                splits=tuple(Split),
            )
        )
        recorded = [outcome.recorded for outcome in outcomes if outcome.recorded]
        if recorded:
            self.server.ledger.audit("scores reevaluated", superseded=str(score.id))
        told = outcomes[0].text if outcomes else "its submission is not kept"
        follows = f"; it is entry {recorded[0].id} now" if recorded else ""
        return Done(said=f"Entry {score.id} was evaluated again: {told}{follows}.")

    def grant(self, fields: Fields) -> Done:
        """Give a subject more tuning attempts in the period that runs."""
        quota, kind = self.server.submissions.quota, fields.get("kind", "")
        if quota is None:
            raise UsageError("there is no quota of tuning attempts: everybody may tune for ever")
        role = next((one.submitter for one in self.hosted.kinds if one.name == kind), None)
        if role is None:
            names = ", ".join(one.name for one in self.hosted.kinds)
            raise UsageError(f"there is no submission kind {kind[:80]!r}; there are {names}")
        subject = given_subject(role, fields)
        self._refuse_strangers(subject)
        number, reason = given_number(fields, "number", most=_MOST_ATTEMPTS), given_reason(fields)
        about = {"challenge": self.hosted.id, "kind": kind}
        self.server.ledger.grant_attempts(**about, subjects=[subject], number=number, reason=reason)
        left, until = self.server.ledger.remaining(**about, subject=subject, quota=quota)
        who = "/".join(filter(None, (subject.anonymizer, subject.deanonymizer)))
        return Done(said=f"{who} has {left} tuning attempts left in {kind}, until {until:%c} UTC.")

    def disqualify(self, fields: Fields) -> Done:
        """Let a team submit nothing more, and take it out of the rankings."""
        team = self._team(fields)
        self.server.teams.disqualify(team, given_reason(fields))
        return Done(said=f"The team {team} is disqualified. It sees your reason.")

    def reinstate(self, fields: Fields) -> Done:
        """Let a disqualified team compete again."""
        team = self._team(fields)
        self.server.teams.reinstate(team, given_reason(fields))
        return Done(said=f"The team {team} competes again.")

    def rename(self, fields: Fields) -> Done:
        """Show a team under another name."""
        team, name = self._team(fields), fields.get("name", "")
        self.server.teams.rename(team, name, given_reason(fields))
        return Done(said=f"The team {team} is shown as {name}.")

    def revoke(self, fields: Fields) -> Done:
        """Revoke all tokens of a team; its browsers are signed out with them."""
        team = self._team(fields)
        revoked = self.server.tokens.revoke(team)
        return Done(said=f"{len(revoked)} tokens of the team {team} are revoked.")

    def reissue(self, fields: Fields) -> Done:
        """Revoke all tokens of a team, and show a new one that grants the same."""
        team = self._team(fields)
        token = self.server.tokens.reissue(team)
        return Done(said=f"The team {team} has a new token.", tokens=((team, token),))

    def invite(self, fields: Fields) -> Done:
        """Create one token for each team of a CSV file, all or none."""
        wanted = self.wanted(fields.get("teams", ""))
        registration = self._registration()
        new = by_team(wanted)

        def judge(known: Sequence[TokenFacts]) -> None:
            registration.warnings(wanted, known)

        created = self.server.tokens.create_all(new, judge=judge)
        made = tuple((one.team, token) for one, token in zip(new, created, strict=True))
        return Done(said=f"{len(made)} tokens are made. They are shown this once.", tokens=made)

    def retry(self, fields: Fields) -> Done:
        """Make the deliveries that have not arrived due now."""
        if not self.leads_all:
            raise UsageError("deliveries are of all challenges; ask who organises all of them")
        number = given_number(fields, "score") if fields.get("score") else None
        n_due = self.server.follow_ups.retry(DELIVER, score_id=number)
        self.server.ledger.audit("deliveries retried", deliveries=str(n_due))
        return Done(said=f"{n_due} deliveries are due now.")

    def wanted(self, text: str) -> list[Wanted]:
        """Return what a CSV file of teams asks for.

        Raises
        ------
        UsageError
            Naming every wrong line.
        """
        known = sorted(self.led & set(self.server.challenges))
        wanted = teams_in(text, known, source="the file")
        foreign = [one for one in wanted if one.grant.challenge not in {*known, EVERY_CHALLENGE}]
        if not self.leads_all:
            foreign += [one for one in wanted if one.grant.role is Role.ORGANISER]
        if foreign:
            raise UsageError(
                f"the file, line {foreign[0].line}: {foreign[0].grant} is for whoever organises "
                "all challenges of this server"
            )
        return wanted

    def warnings(self, wanted: list[Wanted]) -> list[str]:
        """Return what the organiser should know about what is asked for.

        Raises
        ------
        UsageError
            Naming everything that is refused.
        """
        return self._registration().warnings(wanted, self.server.tokens.facts())

    def _registration(self) -> Registration:
        rules = {id_: hosted.both_roles for id_, hosted in self.server.challenges.items()}
        return Registration(rules, refuses_twice=True)

    def _score(self, fields: Fields) -> Score:
        number = given_number(fields, "score")
        score = self.server.ledger.score(number)
        if score is None or score.challenge != self.hosted.id:
            raise UsageError(f"there is no entry {number} in this challenge")
        return score

    def _team(self, fields: Fields) -> str:
        """Return the team that is meant, if it is one of the challenges that are led alone."""
        team = fields.get("team", "")
        theirs = [f for f in self.server.tokens.facts() if f.identity.team == team]
        challenges = {grant.challenge for fact in theirs for grant in fact.identity.grants}
        if self.hosted.id not in challenges and not self.leads_all:
            raise UsageError(f"there is no team {team[:128]!r} in this challenge")
        if not self.leads_all and not challenges <= self.led:
            raise UsageError(
                f"the team {team!r} takes part elsewhere, too; ask who organises all challenges"
            )
        return team

    def _refuse_strangers(self, subject: Subject) -> None:
        """Refuse who has no token here: it may be misspelt."""
        named = {
            Role.ANONYMIZER: subject.anonymizer,
            Role.DEANONYMIZER: subject.deanonymizer,
        }
        for role, holder in named.items():
            grant = Grant(role=role, holder=holder, challenge=self.hosted.id)
            if holder and self.server.tokens.owner(grant) is None:
                raise UsageError(f"there is no {role} {holder[:128]!r} in this challenge")
