"""The gateway's baseline: starlette alone, a typed message in and a typed reply out.

It decodes and encodes with msgspec, as the gateway does, and does nothing else: no key, no policy,
no bus, no cell. Served by the same server with the same options as the gateway.
"""

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.peers import Look, Seat

decode = msgspec.json.Decoder(Look).decode
encode = msgspec.json.Encoder().encode


async def by_post(request: Request) -> Response:
    """Answer a look that came as a JSON body."""
    return answer(decode(await request.body()))


async def by_get(request: Request) -> Response:
    """Answer a look that came as query parameters."""
    return answer(msgspec.convert(dict(request.query_params), Look, strict=False))


def answer(look: Look) -> Response:
    """The reply of the handler as JSON."""
    seat = Seat(look.instrument, look.hour, look.hour % 2 == 0)
    return Response(encode(seat), media_type="application/json")


app = Starlette(
    routes=[Route("/look", by_post, methods=["POST"]), Route("/look", by_get, methods=["GET"])]
)
