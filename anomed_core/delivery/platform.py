"""Report scores to the AnoMed platform: the core's own answer to ``anomed_deliver_score``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import attrs
import httpx

from anomed_core.errors import ServiceError
from anomed_core.hookspecs import hookimpl
from anomed_core.model import Role, Score
from anomed_core.model.delivery import DeliveryContext

ANOMED_API = 1

_ROUTES = {
    Role.ANONYMIZER: "/submissions/anonymizer-evaluation-results",
    Role.DEANONYMIZER: "/submissions/deanonymizer-evaluation-results",
}
_MEANT_TO_BE_REPEATED = {408, 425, 429}
"""Too slow, too early, too often: the request is not to blame."""


class PlatformUnavailableError(ServiceError):
    """The platform did not take the score; try again later."""


class PlatformRefusedError(ServiceError):
    """The platform says that the report is wrong; repeating it changes nothing."""


@attrs.frozen(kw_only=True)
class PlatformDelivery:
    """Reports to one platform.

    Attributes
    ----------
    host
        ``host`` or ``host:port`` of the platform, which speaks plain HTTP in its own network;
        ``https://host`` for one that does not, whose certificate is verified.
    secret
        Sent along, so that the platform believes the report.
    """

    host: str
    secret: str = attrs.field(default="", repr=False)
    # One client for all reports: making one costs more than a report.
    # Its secret goes to nobody else, so proxies of the environment are not heeded.
    _client: httpx.Client = attrs.field(
        factory=lambda: httpx.Client(trust_env=False),
        init=False,
        repr=False,
        eq=False,
    )

    ANOMED_API = 1

    @hookimpl
    def anomed_deliver_score(self, score: Score, context: DeliveryContext) -> bool | None:
        """Post the real metrics of a score.

        Raises
        ------
        PlatformUnavailableError
            If there is no answer, or one that may change.
        PlatformRefusedError
            If the platform refuses the report.
        """
        try:
            answer = self._client.post(
                f"{self._address}{_ROUTES[score.subject.role]}",
                json=self._report(score),
                headers={"Idempotency-Key": context.idempotency_key},
                timeout=context.timeout_s,
            )
        except httpx.HTTPError as error:
            raise PlatformUnavailableError(f"no answer from the platform: {error!r}") from error
        if answer.is_success:
            return True
        problem = f"the platform answered {answer.status_code}"
        if answer.is_client_error and answer.status_code not in _MEANT_TO_BE_REPEATED:
            raise PlatformRefusedError(problem)
        raise PlatformUnavailableError(problem)

    @property
    def _address(self) -> str:
        host = self.host.rstrip("/")
        return host if host.startswith(("http://", "https://")) else f"http://{host}"

    def _report(self, score: Score) -> dict[str, Any]:
        role = score.subject.role
        name = score.subject.anonymizer if role is Role.ANONYMIZER else score.subject.deanonymizer
        # Flat, as the published platform reads it; last, so that no metric can take their place.
        return {**score.metrics, "secret": self.secret, role.value: name}


def platform_from(environment: Mapping[str, str] = os.environ) -> PlatformDelivery | None:
    """Return the platform that the environment names.

    Parameters
    ----------
    environment
        ``ANOMED_HOST`` names the platform, ``ANOMED_PLATFORM_SECRET`` is its secret.

    Returns
    -------
    PlatformDelivery or None
        ``None`` if no platform is named.
    """
    host = environment.get("ANOMED_HOST")
    if not host:
        return None
    return PlatformDelivery(host=host, secret=environment.get("ANOMED_PLATFORM_SECRET", ""))
