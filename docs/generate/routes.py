"""The routes of a server, from the application that serves them."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Container, Iterator

import falcon.inspect

from anomed_core import web
from anomed_core.service import HostedChallenge
from anomed_core.service.server import Server
from anomed_core.web import create_web_app, mounted_challenges, openapi
from anomed_core.web.pages.registry import PAGES
from docs.generate.demos import challenge_types, from_demo
from docs.generate.markdown import code, first_sentence, table


def block() -> str:
    """Return the core's own routes, then what each challenge type hands out and takes."""
    parts: list[str] = []
    for challenge_type in challenge_types():
        core, data, submissions, calls = from_demo(challenge_type.name, _routes)
        if not parts:
            parts += ["### Of every challenge", table(["route", "methods", "answer"], core)]
        parts += [
            f"### Of `{challenge_type.name}`",
            table(["`GET`", "query", "200 with", "for"], data),
            table(["`POST`", "query", "body", "by"], submissions),
            *([table(["operation", "query", "200 with", "for"], calls)] if calls else []),
        ]
    return "\n\n".join(parts)


def _routes(server: Server) -> tuple[list[list[str]], ...]:
    (hosted,) = server.challenges.values()
    declared = {
        *hosted.products,
        *(kind.path for kind in hosted.kinds),
        *(operation.path for operation in hosted.operations),
        *hosted.extra_routes,
    }
    core = [
        [code(path), ", ".join(methods), answer]
        for path, methods, answer in sorted(_mounted(server, declared))
    ]
    return core, _data(hosted), _submissions(hosted), _calls(hosted)


def _mounted(server: Server, declared: Container[str]) -> Iterator[tuple[str, list[str], str]]:
    """Yield route, methods and what the OpenAPI document or the resource says about it.

    What plugins declare is left out: their resources say nothing of themselves.
    """
    described = openapi(mounted_challenges(server))["paths"]
    for route in falcon.inspect.inspect_routes(create_web_app(server)):
        if route.path.startswith("/challenges/") or route.path in declared:
            continue
        methods = sorted({method.method for method in route.methods if not method.internal})
        operations = described.get(re.sub(r":\w+}", "}", route.path), {})
        summaries = [
            operation["summary"] for operation in operations.values() if "summary" in operation
        ]
        said = summaries or [_SAID.get(route.path) or _resource(route.class_name)]
        yield route.path, methods, said[0]


_SAID = {
    **{page.path: page.says for page in PAGES if page.path},
    "/openapi.json": "The OpenAPI 3.1 document.",
}


def _resource(class_name: str) -> str:
    """Return what a resource of the web layer says about itself."""
    for module in pkgutil.walk_packages(web.__path__, f"{web.__name__}."):
        found = getattr(importlib.import_module(module.name), class_name, None)
        if found is not None:
            return first_sentence(found)
    raise ValueError(f"anomed_core.web has no {class_name}")


def _data(hosted: HostedChallenge) -> list[list[str]]:
    return [
        [
            code(product.path),
            ", ".join(code(p.name) for p in product.parameters),
            product.description,
            ", ".join(sorted(product.audience)),
        ]
        for product in hosted.products.values()
    ]


def _submissions(hosted: HostedChallenge) -> list[list[str]]:
    return [
        [
            code(kind.path),
            ", ".join(code(p.name) for p in kind.parameters),
            kind.description,
            kind.submitter.value,
        ]
        for kind in hosted.kinds
    ]


def _calls(hosted: HostedChallenge) -> list[list[str]]:
    return [
        [
            f"{operation.method} {code(operation.path)}",
            ", ".join(code(p.name) for p in operation.query),
            operation.description,
            ", ".join(sorted(operation.audience)),
        ]
        for operation in hosted.operations
    ]
