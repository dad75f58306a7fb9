"""Mutation: breaks the behaviour of cells on purpose, and looks who notices.

A mutant that no artefact notices has survived: something may be broken without anybody being told,
and the report says which scenario is missing. An artefact that notices no mutant cannot fail, and
proves nothing. Each mutant is tried in a child process, by the artefacts that reach its
line, the cheapest first; what the last report knows about unchanged code is taken over from it.

The rule of this file: an artefact has noticed something *by itself* only if an expectation of its
own did not come true; not if another artefact that it calls failed, and not if the code broke down
on the way, which it would have for anybody. To see that, those that it calls are run without their
asserts when nothing else has shown it.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from datetime import date
from functools import partial
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import msgspec

from monocyte.cell import Manifest
from monocyte.literate.artefacts import Artefact
from monocyte.literate.forks import Child, Ended, Job, cores, run_forked
from monocyte.literate.mutation.kept import digest_of, file_digests
from monocyte.literate.mutation.mutants import Behaviour, Candidate, silent
from monocyte.literate.mutation.report import (
    FORMAT,
    ArtefactResult,
    MutantResult,
    MutationReport,
    Status,
    judge_waivers,
    unwaived,
)
from monocyte.literate.mutation.traces import Traces
from monocyte.literate.mutation.words import proposal
from monocyte.literate.scenarios import Leftovers
from monocyte.semdiff import Lines, code_objects, swapped

__all__ = ["Progress", "mutate"]

GRACE, TIMES = 0.25, 10.0
"""A mutant may take so many seconds of CPU time, and so many times what the original takes."""

BATCH = 16
"""How many mutants a child is at most, one after the other; a new one costs some milliseconds."""

UNBROKEN = 30.0
"""Seconds of CPU time that an artefact may take on the original, where it is watched."""


Progress = Callable[[int, int], None]
"""Is told how much is done, and of how much; the latter may grow."""


def mutate(
    manifests: Sequence[Manifest],
    artefacts: Iterable[Artefact],
    *,
    cells: Collection[str] = (),
    previous: MutationReport | None = None,
    today: date,
    workers: int = 0,
    progress: Progress | None = None,
) -> MutationReport:
    """Mutate the cells (or those called `cells`) and try their artefacts on every mutant.

    What `previous` knows is not tried again while the function, what it calls, the cell's words
    and the artefact that noticed are what they were. `workers` are as many as there are cores.
    `today` decides about waivers.

    Raises:
        OSError: the file of a cell cannot be read.
        DefinitionError: it has changed since it was loaded.
    """
    began = time.monotonic()
    if previous is not None and previous.format != FORMAT:
        previous = None
    chosen = [it for it in manifests if not cells or it.name in cells]
    run = _Run(manifests, chosen, artefacts, previous, _Count(progress), workers)
    mutants = run.mutants()
    proven = run.artefacts()
    waivers, waived = judge_waivers(chosen, mutants, today)
    return MutationReport(
        mutants=tuple(waived),
        artefacts=tuple(proven),
        waivers=tuple(waivers),
        cells={it.name: run.digest(it.name) for it in chosen},
        kept=run.kept,
        seconds=time.monotonic() - began,
    )


class _Count:
    """Counts what is done, for whoever wants to see it."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._done = self._total = 0

    def more(self, count: int) -> None:
        self._total += count
        self._tell()

    def done(self) -> None:
        self._done += 1
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self._done, self._total)


class _Base(NamedTuple):
    """How an artefact went on the original: what it ran, and which others (by number) it calls."""

    seconds: float
    seen: frozenset[tuple[str, int]]
    calls: tuple[int, ...]
    error: str

    @property
    def limit(self) -> float:
        """How many seconds of CPU time it may take on a mutant."""
        return GRACE + TIMES * self.seconds


class _Verdict(NamedTuple):
    """What was found out about one mutant: who noticed (by number), how, and by itself or not."""

    status: Status
    killer: int | None
    own: bool
    error: str
    seconds: float


class _Attempt(NamedTuple):
    """A mutant to be tried by some artefacts (by number), one after the other.

    `alone` silences the asserts of the artefacts that the first one calls.
    """

    mutant: Candidate
    runners: tuple[int, ...]
    alone: bool = False


def _parts(said: list[Any]) -> list[list[Any]]:
    """What a child has said, mutant by mutant."""
    parts: list[list[Any]] = []
    for it in said:
        if it[0] == "mutant":
            parts.append([])
        else:
            parts[-1].append(it)
    return parts


def _verdict(said: list[Any], end: Ended[Any]) -> _Verdict:
    """What a child has found out about a mutant, or how it perished over it."""
    last: list[Any] = said[-1] if said else ["start", None]
    if last[0] == "survived":
        return _Verdict("survived", None, False, "", last[2])
    if last[0] == "killed":
        return _Verdict("killed", last[1], last[3], last[2], last[4])
    status: Status = "timeout" if end.how == "timeout" else "killed"
    return _Verdict(status, last[1], False, end.why, end.seconds)


class _Run:
    """One run over some cells: what is known, what is kept, and what has to be tried."""

    def __init__(
        self,
        manifests: Sequence[Manifest],
        chosen: Sequence[Manifest],
        artefacts: Iterable[Artefact],
        previous: MutationReport | None,
        count: _Count,
        workers: int,
    ) -> None:
        self._chosen = {it.name: it for it in chosen}
        self._names = {it.name for it in manifests}
        self._is_whole = len(chosen) == len(manifests)
        applied = (it for it in artefacts if self._spans(it) or it.cell in self._chosen)
        self._artefacts = list(applied)
        self._digests = [_evidence_digest(it) for it in self._artefacts]
        self._contracts = _contracts(manifests)
        self._known = previous or MutationReport()
        self._count, self._workers = count, workers
        self._behaviours: dict[str, Behaviour] = {}
        self._traced: dict[str, Traces] = {}
        self._candidates: dict[str, list[Candidate]] = {}
        self._bases: dict[int, _Base] = {}
        self._guesses: dict[int, _Base] = {}
        self._silences: dict[int, list[tuple[FunctionType, CodeType]]] = {}
        self._proofs: dict[int, str] = {}
        self._results: list[MutantResult] = []
        self._tried: set[tuple[str, str, int]] = set()
        self.kept = 0

    def digest(self, cell: str) -> str:
        """Of everything that a cell's results depend on."""
        evidence = [self._digests[i] for i in self._applying(cell)]
        text = self._behaviour(cell).text
        return digest_of([text, self._contracts[cell], *evidence])

    # -- mutants ---------------------------------------------------------------------------------

    def mutants(self) -> list[MutantResult]:
        """Every mutant with what became of it, cell by cell, in the order of the text."""
        results: dict[tuple[str, str], MutantResult] = {}
        todo: list[Candidate] = []
        order: list[tuple[str, str]] = []
        for cell in self._chosen:
            if self._known.cells.get(cell) == self.digest(cell):
                same = [unwaived(it) for it in self._known.mutants if it.cell == cell]
                results |= {(it.cell, it.key): it for it in same}
                order += [(it.cell, it.key) for it in same]
                continue
            kept = self._kept(cell)
            for it in self._listed(cell):
                order.append((cell, it.key))
                if (old := kept.get(it.key)) is None:
                    todo.append(it)
                else:
                    where = it.mutant.where
                    results[cell, it.key] = msgspec.structs.replace(old, where=where)
        self.kept = len(results)
        self._keep_proofs(results)
        results |= {(it.cell, it.key): it for it in self._try_all(todo)}
        self._results = [results[it] for it in order]
        return self._results

    def _kept(self, cell: str) -> dict[str, MutantResult]:
        """What need not be tried again in a cell that has changed, by key."""
        evidence = {self._artefacts[i].id: self._digests[i] for i in self._applying(cell)}
        before = {
            f"{it.cell}.{it.name}": it.digest
            for it in self._known.artefacts
            if it.cell == cell or it.cell not in self._names
        }
        digests = {it.key: self._candidate_digest(it) for it in self._listed(cell)}
        kept: dict[str, MutantResult] = {}
        for it in map(unwaived, self._known.mutants):
            if it.cell != cell or digests.get(it.key) != it.digest:
                continue
            is_same = evidence.get(it.killer, "-") == before.get(it.killer, "")
            if is_same if it.noticed else evidence == before:
                kept[it.key] = it
        return kept

    def _try_known(self, todo: list[Candidate]) -> Iterator[tuple[tuple[str, str], MutantResult]]:
        """Try first who has noticed other mutants of a function: nobody is watched for that."""
        self._count.more(len(todo))
        ids = {it.id: i for i, it in enumerate(self._artefacts)}
        killers: dict[tuple[str, str], set[int]] = {}
        for known in self._known.mutants:
            if known.noticed and known.killer in ids:
                killers.setdefault((known.cell, known.function), set()).add(ids[known.killer])
        likely = [(it, killers.get((it.cell, it.mutant.function), set())) for it in todo]
        self._guess({i for _, numbers in likely for i in numbers})
        attempts = [
            _Attempt(it, tuple(sorted(numbers & set(self._guesses), key=self._price)))
            for it, numbers in likely
        ]
        trying = iter([it for it in attempts if it.runners])
        with closing(self._try(partial(next, trying, None), self._most(len(attempts)))) as tried:
            for (it, _, _), verdict in tried:
                if verdict.killer is not None:
                    self._count.done()
                    yield (it.cell, it.key), self._result(it, verdict)

    def _guess(self, numbers: set[int]) -> None:
        """Run artefacts on the original, unwatched: how long they take, if they come true."""
        left = deque(sorted(numbers))

        def take() -> Job[int] | None:
            if not left:
                return None
            number = left.popleft()
            return Job(number, partial(self._time, number), UNBROKEN, 2 * UNBROKEN)

        with closing(run_forked(take, self._workers)) as ended:
            for end in ended:
                if end.how == "done" and end.said:
                    self._guesses[end.key] = _Base(end.said[0], frozenset(), (), "")

    def _time(self, number: int, child: Child) -> None:
        """In a child: say how long an artefact takes, if it comes true."""
        began = time.process_time()
        with suppress(Exception):
            self._artefacts[number].run()
            child.say(time.process_time() - began)

    def _most(self, count: int) -> int:
        """How many mutants may share a child, so that all processors have something to do."""
        return min(BATCH, count // (3 * (self._workers or cores())))

    def _known_base(self, number: int) -> _Base:
        """What is known of an artefact on the original: what was seen, or else what it took."""
        return self._bases.get(number) or self._guesses[number]

    def _try_all(self, todo: list[Candidate]) -> Iterator[MutantResult]:
        if not todo:
            return
        noticed = dict(self._try_known(todo))
        yield from noticed.values()
        todo = [it for it in todo if (it.cell, it.key) not in noticed]
        self._watch({i for cell in {it.cell for it in todo} for i in self._applying(cell)})
        attempts = [_Attempt(it, tuple(self._reaching(it))) for it in todo]
        for it, runners, _ in attempts:
            if not runners:
                self._count.done()
                yield self._result(it, _Verdict("unreached", None, False, "", 0.0))
        reached = iter([it for it in attempts if it.runners])
        with closing(self._try(partial(next, reached, None), self._most(len(attempts)))) as tried:
            for (it, runners, _), verdict in tried:
                self._count.done()
                stop = verdict.killer if verdict.killer is not None else runners[-1]
                ran = runners[: runners.index(stop) + 1]
                self._tried |= {(it.cell, it.key, i) for i in ran}
                if verdict.killer is not None and verdict.own:
                    self._proofs.setdefault(verdict.killer, f"{it.cell}: {it.key}")
                yield self._result(it, verdict)

    def _try(
        self, take: Callable[[], _Attempt | None], most: int
    ) -> Generator[tuple[_Attempt, _Verdict], None, None]:
        """Try what `take` gives, up to so many mutants of a cell in one child."""
        again: deque[_Attempt] = deque()

        def batch() -> Job[list[_Attempt]] | None:
            taken: list[_Attempt] = []
            while len(taken) < max(1, most):
                if (one := again.popleft() if again else take()) is None:
                    break
                if taken and one.mutant.cell != taken[0].mutant.cell:
                    again.appendleft(one)
                    break
                taken.append(one)
                if self._traces(one.mutant.cell).is_blind:
                    break
            return self._job(taken) if taken else None

        with closing(run_forked(batch, self._workers)) as ended:
            for end in ended:
                parts = _parts(end.said)
                for attempt, said in zip(end.key, parts, strict=False):
                    yield attempt, _verdict(said, end)
                again.extend(end.key[max(1, len(parts)) :])
                if not parts:
                    yield end.key[0], _verdict([], end)

    def _result(self, it: Candidate, verdict: _Verdict) -> MutantResult:
        killer = "" if verdict.killer is None else self._artefacts[verdict.killer].id
        missing = ""
        if verdict.status in ("survived", "unreached"):
            is_reached = verdict.status == "survived"
            missing = proposal(it, self._behaviour(it.cell), reached=is_reached)
        return MutantResult(
            cell=it.cell,
            function=it.mutant.function,
            key=it.key,
            operator=it.mutant.operator,
            where=it.mutant.where,
            status=verdict.status,
            killer=killer,
            error=verdict.error,
            proposal=missing,
            reached=verdict.status != "unreached",
            digest=self._candidate_digest(it),
            seconds=verdict.seconds,
        )

    # -- artefacts -------------------------------------------------------------------------------

    def artefacts(self) -> list[ArtefactResult]:
        """Every artefact with what it has noticed; those that have not yet are tried further."""
        left = [i for i in range(len(self._artefacts)) if self._needs_proof(i)]
        if left:
            self._watch(set(left))
            self._prove([i for i in left if not self._bases[i].error])
        return [self._artefact_result(i) for i in range(len(self._artefacts))]

    def _needs_proof(self, number: int) -> bool:
        return number not in self._proofs and self._is_judged(number) and not self._was_idle(number)

    def _was_idle(self, number: int) -> bool:
        """Whether nothing has changed since it was found to notice nothing."""
        old = self._old(number)
        is_old = old is not None and old.judged and old.digest == self._digests[number]
        cells = [c for c in self._chosen if number in self._applying(c)]
        return is_old and all(self._known.cells.get(c) == self.digest(c) for c in cells)

    def _prove(self, left: list[int]) -> None:
        """Try each on further mutants that it reaches, until it notices one by itself."""
        attempts = self._attempts({i: self._chances(i) for i in left})
        with closing(self._try(partial(next, attempts, None), 1)) as tried:
            for (it, (number,), _), verdict in tried:
                self._count.done()
                if verdict.killer is not None and verdict.own:
                    self._proofs.setdefault(number, f"{it.cell}: {it.key}")

    def _attempts(self, queues: dict[int, Iterator[Candidate]]) -> Iterator[_Attempt]:
        """One attempt for each in turn, as long as it has noticed nothing."""
        while queues:
            for number in list(queues):
                it = next(queues[number], None) if number not in self._proofs else None
                if it is None:
                    del queues[number]
                else:
                    self._count.more(1)
                    self._silent(number)  # made here: a child would make it every time
                    yield _Attempt(it, (number,), alone=True)

    def _chances(self, number: int) -> Iterator[Candidate]:
        """Mutants that somebody has noticed and it has not tried: those that few reach first."""
        noticed = {(it.cell, it.key) for it in self._results if it.noticed}
        calls = self._bases[number].calls
        cells = [c for c in self._chosen if number in self._applying(c)]
        # Those that had to be listed anyway come first: it may not take more.
        for cell in sorted(cells, key=lambda it: it not in self._candidates):
            found = [
                (len(self._reaching(it)), it)
                for it in self._listed(cell)
                if (cell, it.key) in noticed
                and (calls or (cell, it.key, number) not in self._tried)
                and self._runs(number, it)
            ]
            yield from (it for _, it in sorted(found, key=lambda pair: pair[0]))

    def _artefact_result(self, number: int) -> ArtefactResult:
        it, base = self._artefacts[number], self._bases.get(number)
        old = self._old(number)
        error = base.error if base else old.error if old else ""
        seconds = base.seconds if base else old.seconds if old else 0.0
        return ArtefactResult(
            cell=it.cell,
            kind=it.kind,
            name=it.name,
            where=it.where,
            proof=self._proofs.get(number, ""),
            error=error,
            reached=self._reached(number),
            judged=self._is_judged(number),
            digest=self._digests[number],
            seconds=seconds,
        )

    def _reached(self, number: int) -> int:
        """How many mutants it runs; counted when they had to be listed anyway."""
        if number not in self._bases:
            old = self._old(number)
            return old.reached if old else 0
        cells = [c for c in self._chosen if number in self._applying(c)]
        listed = [it for cell in cells for it in self._candidates.get(cell, ())]
        return sum(1 for it in listed if self._runs(number, it))

    def _keep_proofs(self, results: dict[tuple[str, str], MutantResult]) -> None:
        """What an artefact noticed last time counts while both are what they were."""
        kept = {f"{cell}: {key}" for cell, key in results}
        for i in range(len(self._artefacts)):
            old = self._old(i)
            if old is not None and old.digest == self._digests[i] and old.proof in kept:
                self._proofs[i] = old.proof

    def _old(self, number: int) -> ArtefactResult | None:
        it = self._artefacts[number]
        known = self._known.artefacts
        return next((o for o in known if (o.cell, o.name) == (it.cell, it.name)), None)

    def _is_judged(self, number: int) -> bool:
        return self._is_whole or not self._spans(self._artefacts[number])

    def _spans(self, it: Artefact) -> bool:
        """Whether it belongs to no single cell, so any of them may be what it proves."""
        return it.cell not in self._names

    # -- on the original -------------------------------------------------------------------------

    def _watch(self, numbers: set[int]) -> None:
        """Run artefacts on the original, once, and see which lines they reach."""
        new = sorted(numbers - set(self._bases))
        if not new:
            return
        codes = {code for cell in self._chosen for code in self._behaviour(cell).codes}
        codes |= _proof_codes(self._artefacts)
        self._count.more(len(new))
        left = deque(new)
        most = math.ceil(len(new) / (2 * (self._workers or cores())))

        def take() -> Job[list[int]] | None:
            batch = [left.popleft() for _ in range(min(most, len(left)))]
            work = partial(self._look_on, batch, codes)
            return Job(batch, work, UNBROKEN, 2 * UNBROKEN) if batch else None

        with closing(run_forked(take, self._workers)) as ended:
            for end in ended:
                done = end.said if end.how == "done" else [*end.said, [0.0, [], end.why]]
                for number, said in zip(end.key, done, strict=False):
                    self._count.done()
                    self._bases[number] = self._base(number, *said)
                left.extend(end.key[len(done) :])
        self._warm_up(new)

    def _look_on(self, batch: list[int], codes: set[CodeType], child: Child) -> None:
        """In a child: see what some artefacts run, and how long they take at their true speed."""
        for number in batch:
            child.allow(UNBROKEN)
            lines, error, began = Lines(codes), "", time.process_time()
            try:
                with lines:
                    self._artefacts[number].run()
                began = time.process_time()
                self._artefacts[number].run()  # what cannot be run twice is no evidence either
            except BaseException as why:  # noqa: BLE001 (a supervision edge: the author's code)
                error = _told(why)
            child.say([time.process_time() - began, sorted(lines.seen), error])

    def _base(self, number: int, seconds: float, seen: list[tuple[str, int]], error: str) -> _Base:
        places = frozenset((file, line) for file, line in seen)
        own = self._artefacts[number].function
        others = (
            (i, it.function) for i, it in enumerate(self._artefacts) if it.function is not own
        )
        calls = [i for i, other in others if any(places & _body(c) for c in code_objects(other))]
        return _Base(seconds, places, tuple(calls), error)

    def _warm_up(self, numbers: list[int]) -> None:
        """Run what reaches something new here, too: what it fills of caches, children inherit."""
        seen: set[tuple[str, int]] = set()
        for i in numbers:
            base = self._bases[i]
            if not base.error and not base.seen <= seen:
                seen |= base.seen
                with suppress(Exception):  # it went well before, and is not judged here
                    self._artefacts[i].run()

    # -- one mutant ------------------------------------------------------------------------------

    def _reaching(self, it: Candidate) -> list[int]:
        """The artefacts that run its lines, the cheapest first."""
        found = [
            i
            for i in self._applying(it.cell)
            if i in self._bases and not self._bases[i].error and self._runs(i, it)
        ]
        return sorted(found, key=self._price)

    def _runs(self, number: int, it: Candidate) -> bool:
        """Whether an artefact runs a line of a mutant."""
        return not it.places.isdisjoint(self._bases[number].seen)

    def _price(self, number: int) -> int:
        """How dear a run is, so coarse that it does not vary from one time to the next."""
        return round(math.log(max(self._known_base(number).seconds, 1e-4), 4))

    def _job(self, attempts: list[_Attempt]) -> Job[list[_Attempt]]:
        limit = max(self._known_base(i).limit for it in attempts for i in it.runners)
        return Job(attempts, partial(self._break, attempts), limit, 2 + 4 * limit)

    def _break(self, attempts: list[_Attempt], child: Child) -> None:
        """In a child: be one mutant after the other, as long as none leaves a trace."""
        traces = self._traces(attempts[0].mutant.cell)
        for it in attempts:
            child.say(["mutant"])
            self._be(it, child)
            if not traces.is_clean:
                return

    def _be(self, attempt: _Attempt, child: Child) -> None:
        """Be the mutant, and run artefacts until one notices."""
        began = time.process_time()
        self._behaviour(attempt.mutant.cell).forget()
        with attempt.mutant.put_in(), ExitStack() as stack:
            for function, code in self._silent(attempt.runners[0]) if attempt.alone else ():
                stack.enter_context(swapped([function], code))
            for i in attempt.runners:
                child.allow(self._known_base(i).limit)
                child.say(["start", i])
                try:
                    self._artefacts[i].run()
                except BaseException as why:  # noqa: BLE001 (a supervision edge: a mutant)
                    took = time.process_time() - began
                    child.say(["killed", i, _told(why), self._is_own(why, i), took])
                    return
        child.say(["survived", None, time.process_time() - began])

    def _is_own(self, why: BaseException, number: int) -> bool:
        """Whether it is an expectation of its own that has failed."""
        if isinstance(why, Leftovers) and self._known_base(number).calls:
            return False
        # Asked for anew: those that are silenced have another code.
        return self._artefacts[number].failed(why, _proof_codes(self._artefacts))

    def _silent(self, number: int) -> list[tuple[FunctionType, CodeType]]:
        """The artefacts that one calls, without their asserts."""
        if number not in self._silences:
            functions = {self._artefacts[i].function for i in self._bases[number].calls}
            codes = [(it, silent(it)) for it in functions if isinstance(it, FunctionType)]
            self._silences[number] = [(it, code) for it, code in codes if code is not None]
        return self._silences[number]

    # -- what is known of a cell -----------------------------------------------------------------

    def _applying(self, cell: str) -> list[int]:
        """The artefacts that have to notice when a cell is broken."""
        return [i for i, it in enumerate(self._artefacts) if it.cell == cell or self._spans(it)]

    def _behaviour(self, cell: str) -> Behaviour:
        if cell not in self._behaviours:
            self._behaviours[cell] = Behaviour(self._chosen[cell])
        return self._behaviours[cell]

    def _listed(self, cell: str) -> list[Candidate]:
        if cell not in self._candidates:
            self._candidates[cell] = list(self._behaviour(cell).candidates())
        return self._candidates[cell]

    def _traces(self, cell: str) -> Traces:
        if cell not in self._traced:
            self._traced[cell] = Traces(self._behaviour(cell).names)
        return self._traced[cell]

    def _candidate_digest(self, it: Candidate) -> str:
        function = file_digests(it.mutant.file).of(it.mutant.function)
        return digest_of([function, self._contracts[it.cell]])


def _proof_codes(artefacts: Iterable[Artefact]) -> set[CodeType]:
    return {code for it in artefacts for code in code_objects(it.function)}


def _body(code: CodeType) -> set[tuple[str, int]]:
    """The lines of a code object that run when it is called, and not when it is defined."""
    first = code.co_firstlineno
    return {(code.co_filename, line) for *_, line in code.co_lines() if line and line != first}


def _told(why: BaseException) -> str:
    """An error, on a line."""
    line = " ".join(f"{type(why).__name__}: {why}".split())
    return line if len(line) <= 200 else f"{line[:199]}…"


def _evidence_digest(it: Artefact) -> str:
    """Of an artefact: its function with what it calls in its file; without one, the whole file."""
    if it.function is None:
        return digest_of([it.name, file_digests(it.where.rpartition(":")[0]).whole])
    code = it.function.__code__
    digests = file_digests(code.co_filename)
    return digest_of([it.name, digests.of(it.function.__name__), digests.rest])


def _contracts(manifests: Sequence[Manifest]) -> dict[str, str]:
    """By cell, a digest of what stands outside of its functions, and of its neighbours' words."""
    rests = {it.module: file_digests(it.file).rest for it in manifests}
    contracts = {}
    for it in manifests:
        text = file_digests(it.file)
        near = sorted(module for module in rests if module in text.imports)
        contracts[it.name] = digest_of([rests[it.module], *(rests[module] for module in near)])
    return contracts
