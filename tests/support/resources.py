"""The routes that change a resource and the one that shows it, and whether they answer alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, get_args, get_type_hints

import httpx
import msgspec
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from msgspec import UnsetType

from shared.platform.http.batches import BATCH
from shared.platform.http.views import PERSONAL, Answer

IMPORTS: Final = "/v1/imports"
PREVIEW: Final = ":preview"  # What a route ends with that is asked by POST and writes nothing.
Json = dict[str, Any]


class Pair(NamedTuple):
    """A route that writes, and the one that shows what it wrote; None: there is none."""

    command: APIRoute
    query: APIRoute | None


def routes_of(router: APIRouter | FastAPI) -> Sequence[APIRoute]:
    return [route for route in router.routes if isinstance(route, APIRoute)]


def pairs(found: Sequence[APIRoute]) -> Sequence[Pair]:
    """Of every route that writes: `/things` and `/things/{id}:verb` are shown by `/things/{id}`."""
    shown = {route.path: route for route in found if _takes(route, "GET")}
    return [Pair(route, _query(route, shown)) for route in found if writes(route)]


def writes(route: APIRoute) -> bool:
    """Whether it is there to change something."""
    return _takes(route, "POST") and not route.path.endswith(PREVIEW)


def _takes(route: APIRoute, method: str) -> bool:
    return method in (route.methods or ())


def _query(route: APIRoute, shown: dict[str, APIRoute]) -> APIRoute | None:
    home, verb, _ = route.path.partition(":")
    if verb:
        return shown.get(home)
    one = [
        path for path in shown if path.startswith(f"{home}/{{") and "/" not in path[len(home) + 1 :]
    ]
    return shown[one[0]] if one else shown.get(home)


def view_of(route: APIRoute) -> Any:
    return next(one.view for one in route.responses.values() if isinstance(one, Answer))


def personal_fields(view: type) -> set[str]:
    """Those that the answer of a command leaves empty."""
    return {
        name
        for name, kind in get_type_hints(view, include_extras=True).items()
        for meta in get_args(kind)[1:]
        if isinstance(meta, msgspec.Meta) and (meta.description or "").endswith(PERSONAL)
    }


def fields_left_out(view: type) -> set[str]:
    """Those that not every answer has."""
    return {
        name for name, kind in get_type_hints(view).items() if UnsetType in (kind, *get_args(kind))
    }


@dataclass
class Compared:
    """Commands of one app whose answers were compared with what is shown afterwards."""

    app: FastAPI
    client: httpx.AsyncClient
    paths: set[str] = field(default_factory=set)

    async def shown_alike(self, answer: httpx.Response) -> Json:
        """The body of a command's answer, which is what its query shows with the answer's token."""
        assert answer.status_code in (200, 201), answer.text
        path, posted = answer.request.url.path, answer.json()
        pair = next(
            each for each in pairs(routes_of(self.app)) if each.command.path_regex.fullmatch(path)
        )
        assert pair.query is not None
        view = view_of(pair.command)
        asked = await self.client.get(self._place(pair, path, posted), headers=_token(answer))
        assert asked.status_code == 200, asked.text
        shown: Json = asked.json()

        hidden = personal_fields(view)
        assert {name: posted[name] for name in hidden} == dict.fromkeys(hidden)
        beside = set(view.__struct_fields__) - set(view_of(pair.query).__struct_fields__)
        assert posted.keys() ^ shown.keys() <= fields_left_out(view) | beside
        both = (posted.keys() & shown.keys()) - hidden
        assert {name: posted[name] for name in both} == {name: shown[name] for name in both}
        assert answer.headers.get("etag") == asked.headers.get("etag")
        self.paths.add(pair.command.path)
        return shown

    def _place(self, pair: Pair, path: str, posted: Json) -> str:
        assert pair.query is not None
        names = list(pair.query.param_convertors)
        if ":" in path or not names:
            return path.partition(":")[0]
        return f"{path}/{posted[names[-1]]}"

    @property
    def left(self) -> set[str]:
        """The routes that write and were not compared; what takes many answers what these do."""
        writing = {each.command.path for each in pairs(routes_of(self.app))}
        return {
            path
            for path in writing - self.paths
            if not path.endswith(f":{BATCH}") and not path.startswith(IMPORTS)
        }


def _token(answer: httpx.Response) -> dict[str, str]:
    token = answer.headers.get("consistency-token")
    return {} if token is None else {"consistency-token": token}
