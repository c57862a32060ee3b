"""A whole contest in a ledger: finals, attacks on them, the results of the house, a mended one."""

import attrs

from anomed_core.ledger import ClaimRequest, Ledger, NewScore
from anomed_core.model import Role, Score, Split, Subject
from tests.ledger.records import LEASE_S, PROVENANCE

UTILITIES = {
    "ann": 0.70,  # mended to 0.82 after it was attacked
    "ben": 0.75,
    "cat": 0.98,  # a raw copy
    "dee": 0.70,  # nobody attacks it
    "eve": 0.30,  # of no use
    "fay": 0.75,  # as good as ben in everything, and later
    "gus": 0.99,  # to be annulled, where a ledger can
}
RISKS = {
    "ann": {"dan": (0.50, 0.40), "dot": (0.30, 0.20), "panel": (0.10, 0.05)},
    "ben": {"dan": (0.50, 0.405), "dot": (0.30, 0.20), "panel": (0.10, 0.05)},
    "cat": {"dan": (0.95, 0.90), "dot": (0.30, 0.20), "panel": (0.90, 0.85)},
    "eve": {"panel": (0.00, 0.00)},
    "fay": {"dan": (0.50, 0.405), "dot": (0.30, 0.20), "panel": (0.10, 0.05)},
    "gus": {"dan": (0.00, 0.00), "panel": (0.00, 0.00)},
}
"""Point value and lower limit of each attack; the panel is the house's."""


@attrs.frozen(kw_only=True)
class Contest:
    """Writes a contest into a ledger.

    Attributes
    ----------
    ledger
        Where the challenge is open.
    challenge, fingerprint
        Of the challenge.
    """

    ledger: Ledger
    challenge: str
    fingerprint: str

    def play(self) -> dict[str, Score]:
        """Record everything in its order; return the finals of anonymizers by their ids."""
        self.submit("anonymizer", anonymizer("ann"), {"utility": 0.99}, split=Split.TUNING)
        finals = {
            name: self.submit("anonymizer", anonymizer(name), {"utility": utility})
            for name, utility in UTILITIES.items()
        }
        for name, attacks in RISKS.items():
            for attacker, (risk, low) in attacks.items():
                metrics = {"risk": risk, "risk_low": low, "risk_high": 1.0}
                if attacker == "panel":
                    self.find(finals[name], attacker, metrics)
                else:
                    self.submit("deanonymizer", pair(name, attacker), metrics)
        self.ledger.supersede(
            finals["ann"], {"utility": 0.82}, PROVENANCE, fingerprint=self.fingerprint
        )
        return finals

    def submit(
        self,
        kind: str,
        subject: Subject,
        metrics: dict[str, float],
        split: Split = Split.VALIDATION,
        parameters: dict[str, str] | None = None,
    ) -> Score:
        """Record what a participant is scored."""
        claim = self.ledger.claim(
            ClaimRequest(
                challenge=self.challenge,
                kind=kind,
                subject=subject,
                split=split,
                parameters=parameters or {},
                payload_digest="d" * 64,
                fingerprint=self.fingerprint,
                lease_s=LEASE_S,
            )
        )
        return self.ledger.record(claim, metrics, PROVENANCE)

    def find(self, final: Score, label: str, metrics: dict[str, float]) -> Score:
        """Record what the house has found."""
        return self.ledger.record_house(
            NewScore(
                challenge=final.challenge,
                kind=final.kind,
                subject=final.subject,
                split=final.split,
                origin="house",
                label=label,
                metrics=metrics,
                payload_digest=final.payload_digest,
                fingerprint=final.fingerprint,
                provenance=PROVENANCE,
            )
        )


def anonymizer(name: str) -> Subject:
    """Return an anonymizer."""
    return Subject(role=Role.ANONYMIZER, anonymizer=name)


def pair(name: str, attacker: str) -> Subject:
    """Return who attacks an anonymizer."""
    return Subject(role=Role.DEANONYMIZER, anonymizer=name, deanonymizer=attacker)
