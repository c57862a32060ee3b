"""Pages for people: plain HTML, no scripts."""

from __future__ import annotations

from html import escape

from anomed_core.service import HostedChallenge
from anomed_core.version import __version__

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; }
th, td { border-bottom: 1px solid #8884; }
code { font-size: .95em; }
.quiet { opacity: .7; }
"""


def document(title: str, body: str) -> str:
    """Return a whole page."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f'<body>{body}<p class="quiet">anomed-core {escape(__version__)}</p></body></html>'
    )


def front_page(challenges: dict[str, HostedChallenge]) -> str:
    """Return the page of a server: its challenges, what they hand out and take."""
    sections = [_challenge(base, hosted) for base, hosted in challenges.items()]
    return document("Challenge server", "<h1>Challenge server is alive!</h1>" + "".join(sections))


def _challenge(base: str, hosted: HostedChallenge) -> str:
    challenge = hosted.challenge
    products = "".join(
        f"<tr><td><code>GET {escape(base + product.path)}</code></td>"
        f"<td>{escape(product.description)}</td>"
        f"<td>{escape(', '.join(sorted(product.audience)))}</td></tr>"
        for product in hosted.products.values()
    )
    kinds = "".join(
        f"<tr><td><code>POST {escape(base + kind.address)}</code></td>"
        f"<td>{escape(kind.description)}</td><td>{escape(kind.submitter)}</td></tr>"
        for kind in hosted.kinds
    )
    metrics = "".join(
        f"<tr><td><code>{escape(metric.name)}</code>{' (ranks)' if metric.primary else ''}</td>"
        f"<td>{escape(metric.definition)}</td>"
        f"<td>{escape(kind)}, {escape(metric.direction)} is better</td></tr>"
        for kind, declared in hosted.metrics.items()
        for metric in declared
    )
    return (
        f"<h2>{escape(challenge.title)}</h2><p>{escape(challenge.description)}</p>"
        f'<p class="quiet">{escape(challenge.id)}, a {escape(challenge.type)} challenge. '
        f'<a href="{escape(base)}/challenge.json">challenge.json</a> '
        f'<a href="{escape(base)}/openapi.json">openapi.json</a></p>'
        f"<h3>Data</h3><table><tr><th>Route</th><th>What</th><th>For</th></tr>{products}</table>"
        f"<h3>Submissions</h3><table><tr><th>Route</th><th>What</th><th>By</th></tr>{kinds}</table>"
        f"<h3>Metrics</h3><table><tr><th>Name</th><th>Definition</th><th>Of</th></tr>{metrics}"
        "</table>"
    )
