"""Exchange releases of cells while the app runs: nobody is refused, nothing is done twice.

The next release folds what has happened while the current one goes on. Then who asks is held for a
moment; what is being decided is decided to its end, by the release that began it; and the next one
takes over where it stands. Until that very step nothing has changed, so whatever goes wrong before
leaves the current release in its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from monocyte.bus import Route, Service
from monocyte.cell import Manifest
from monocyte.contracts import Envelope
from monocyte.engine.engine import Engine
from monocyte.engine.fold import Fold
from monocyte.errors import Busy, NoSuchMessage

__all__ = ["Swap"]


class Swap:
    """One exchange: the engines, what each is to become, and who waits for it."""

    def __init__(self, engines: Sequence[Engine], manifests: Sequence[Manifest]) -> None:
        self.engines = engines
        self.manifests = manifests
        self._members = frozenset(engine.name for engine in engines)
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._folds: list[Fold] = []

    async def prepare(self) -> None:
        """Fold what has happened into the next releases, while the current ones go on.

        Raises:
            JournalDamaged: a release cannot read what is in the journal.
            Crashed: an evolver or an upcaster cannot take what happened.
        """
        for engine, manifest in zip(self.engines, self.manifests, strict=True):
            self._folds.append(await engine.successor(manifest))

    def held(self, engine: Engine, in_flight: int) -> Service:
        """The cell as it is served meanwhile: who asks waits, unless a member waits for the answer.

        Without that exception, what is to be decided to its end would wait for us, and we for it.
        """
        service = engine.service(in_flight)
        routes = tuple(self._held(engine, route) for route in service.routes)
        return service._replace(routes=routes)

    def _held(self, engine: Engine, route: Route) -> Route:
        async def answer(envelope: Envelope, message: Any) -> Any:
            if self._members.intersection(envelope.path):
                return await _answered(route, envelope, message)
            await asyncio.shield(self._over)
            return await _handed_on(engine, route, envelope, message)

        return route._replace(immediate=False, answer=answer)

    async def drain(self, patience: float) -> None:
        """Wait until everything that was begun has ended and is durable.

        Raises:
            Busy: it takes longer than `patience` seconds.
        """
        try:
            async with asyncio.timeout(patience):
                for engine in self.engines:
                    await engine.drained()
        except TimeoutError:
            names = ", ".join(engine.name for engine in self.engines if not engine.idle)
            raise Busy(
                f"{names} had not ended after {patience:g} s what was begun; nothing was changed",
                mend="try again when less is going on",
            ) from None

    def take_over(self) -> None:
        """Let every next release stand where its cell stands: all of them, or none.

        Raises:
            JournalDamaged, Crashed: one cannot take what has happened meanwhile.
        """
        for engine, fold in zip(self.engines, self._folds, strict=True):
            engine.catch_up(fold)
        for engine, fold in zip(self.engines, self._folds, strict=True):
            engine.become(fold)

    def end(self) -> None:
        """Let go on who was held."""
        self._over.set_result(None)


async def _answered(route: Route, envelope: Envelope, message: Any) -> Any:
    answer = route.answer(envelope, message)
    return answer if route.immediate else await answer


async def _handed_on(engine: Engine, asked: Route, envelope: Envelope, message: Any) -> Any:
    """Ask whoever answers now; who has asked in words of before is told so, and may ask anew."""
    for route in engine.service().routes:
        if route.message is asked.message:
            return await _answered(route, envelope, message)
    raise NoSuchMessage(f"{asked.address} is no longer answered in that form", cell=engine.name)
