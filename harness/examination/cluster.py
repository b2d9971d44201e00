"""Judges samples over Ray: one judge for each processor of the cluster, one writer, here.

Samples go out in batches, a few to each judge, so that what is held here doesn't grow with their number. A batch whose
judge is lost is judged again by another; its evaluations are written when all of them have come back, once. So a run
that loses nodes, or is killed and started again, ends with the evaluations of a run on one machine, in another order.
"""

import logging
import os
import pickle
import queue
import socket
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, BinaryIO, NamedTuple

from harness.errors import Unavailable, UserError, install_command
from harness.examination.cluster_worker import EVALUATIONS, JudgingTerms, NodeJudge, credentials, refuse_unlike_node
from harness.runs.jsonl import append, as_row
from harness.runs.records import Evaluation, Problem, PromptCardId, Sample
from sandbox.jail import Jail
from sandbox.records import Refused

_BATCH = 16
"""Samples a batch: a call to a judge costs a tenth of what judging these does, at the least."""
_SMALL_BYTES = 16 << 10
"""Of a problem: less is sent sooner than it is fetched from another node's store, which takes milliseconds."""
_BATCHES_PER_JUDGE = 2
"""One that is judged, and one that waits so that the judge needn't."""
_MOST_LOSSES = 5
"""Judges that may be lost with the same batch: so many in a row are no accident."""
_HIRING_S = 5.0
"""How often nodes are looked for that came, or came back."""
_CONNECTING_S = 10.0


class _Batch(NamedTuple):
    rows: bytes
    problems: tuple[Any, ...]
    """Small ones, and references to large ones, which Ray brings to a node once and lets go with the last batch."""
    losses: int = 0


class _Post(NamedTuple):
    """Locates a judge: a node, and the number of its processor."""

    node_id: str
    number: int


class _Judge(NamedTuple):
    post: _Post
    node: str
    actor: Any


class _Answer(NamedTuple):
    """Pairs a request to a judge, a batch or (None) to start, with its answer or failure."""

    judge: _Judge
    batch: _Batch | None
    future: Future[Any]


def evaluate_on_cluster(
    samples: Iterable[Sample],
    problems: Mapping[str, Problem],
    file: BinaryIO,
    *,
    extraction: str,
    card: PromptCardId | None = None,
    jail: Jail,
    exhaustive: bool = False,
    reuse: bool = True,
    halt: Future[None] | None = None,
    address: str,
) -> Iterator[Evaluation]:
    """Judge the samples on the nodes of a Ray cluster.

    Args:
        samples: those of a task in sequence: then its problem is looked up and sent out once.
        problems: by task id; none is kept.
        file: where evaluations are appended, in the order in which they come.
        extraction: a setting of `harness.extraction.program.SETTINGS`.
        card: with which the samples were generated.
        jail: the same on each node, its interpreter at the same path.
        exhaustive: whether to judge every test.
        reuse: whether a judge judges equal programs of a problem once.
        halt: when another thread gives it a result, nothing more is judged.
        address: as Ray has it: "host:port", "auto" for a cluster that this machine belongs to, or "local" to start one
            on this machine alone.

    Yields:
        Each evaluation, once it has been appended to the file; in any order.

    Raises:
        UserError: Ray isn't installed, the address is invalid, or a node is more weakly isolated than this machine, or
            has another version of proctor or Python.
        Unavailable: No cluster answers, no node is left, or judges are lost again and again with the same batch.
    """
    terms = JudgingTerms(extraction=extraction, card=card, jail=jail, exhaustive=exhaustive, reuse=reuse)
    remaining = iter(samples)
    if (first := next(remaining, None)) is None:
        return  # a cluster takes seconds to join
    with _connected(address):
        crew = _Crew(terms, address, halt or Future())
        for batch in crew.judged(_batches(chain([first], remaining), problems)):
            for evaluation in batch:
                append(file, evaluation)
                yield evaluation


@contextmanager
def _connected(address: str) -> Iterator[None]:
    """Join the cluster, or start one."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray  # noqa: PLC0415 - heavy, and an extra
    except ModuleNotFoundError:
        raise UserError(
            f"--cluster needs Ray, on this machine and on each node: {install_command('proctor[ray]')}"
        ) from None
    _refuse_silence(address)
    try:
        ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level=logging.WARNING)
    except ValueError as error:
        raise UserError(f"--cluster {address}: {error}; give host:port, auto or local") from error
    except ConnectionError as error:
        raise Unavailable(f"--cluster {address}: {error}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _refuse_silence(address: str) -> None:
    """Raise Unavailable where no server listens, which Ray itself finds out in minutes, and ends the process."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "://" not in host:
        try:
            socket.create_connection((host, int(port)), _CONNECTING_S).close()
        except OSError as error:
            reason = error.strerror or error
            raise Unavailable(
                f"--cluster {address}: no answer ({reason}); is `ray start --head` running there?"
            ) from error


def _batches(samples: Iterable[Sample], problems: Mapping[str, Problem]) -> Iterator[_Batch]:
    """Yield the samples in batches, each problem being looked up once as long as its samples follow."""
    stored = dict[str, Any]()
    remaining = iter(samples)
    while chunk := tuple(islice(remaining, _BATCH)):
        task_ids = dict.fromkeys(sample.task_id for sample in chunk)
        stored = {task_id: stored.get(task_id) or _sent(problems[task_id]) for task_id in task_ids}
        yield _Batch(rows=b"".join(map(as_row, chunk)), problems=tuple(stored.values()))


def _sent(problem: Problem) -> Any:
    """Return a problem as it travels: a small one with each batch, a large one once to each node, as a reference."""
    import ray  # noqa: PLC0415

    return problem if len(pickle.dumps(problem)) <= _SMALL_BYTES else ray.put(problem)


class _Crew:
    """Employs the judges of all nodes, and knows the batches of each."""

    def __init__(self, terms: JudgingTerms, address: str, halt: Future[None]) -> None:
        """Hire a judge for each processor; each gets work as soon as it has shown its credentials."""
        self._terms = terms
        self._ours = credentials(terms.jail)
        self._address = address
        self._judges = dict[_Post, _Judge]()
        self._free = deque[_Judge]()
        """A judge is here once for each batch that it can take."""
        self._answers: queue.SimpleQueue[_Answer | None] = queue.SimpleQueue()
        """None where no more are to be waited for."""
        halt.add_done_callback(lambda _: self._answers.put(None))
        self._false_starts = Counter[_Post]()
        self._next_hiring_s = 0.0

    def judged(self, batches: Iterator[_Batch]) -> Iterator[list[Evaluation]]:
        """Yield the evaluations of each batch when it is judged, in any order."""
        again = deque[_Batch]()
        under_way = 0
        while True:
            self._hire()
            while self._free and (batch := again.popleft() if again else next(batches, None)):
                self._ask(self._free.popleft(), batch)
                under_way += 1
            if not under_way and self._free:
                self._dismiss()
                return
            try:
                answer = self._answers.get(timeout=_HIRING_S)
            except queue.Empty:
                continue
            if answer is None:
                return
            result = self._result(answer)
            under_way -= answer.batch is not None
            if answer.batch is not None and result is None:
                again.append(_once_more(answer.batch))
            elif answer.batch is not None:
                yield EVALUATIONS.decode_lines(result)

    def _dismiss(self) -> None:
        """Let the judges, all of them free now, end their jails tidily."""
        import ray  # noqa: PLC0415

        closing = [judge.actor.close.remote() for judge in {judge.post: judge for judge in self._free}.values()]
        ray.wait(closing, num_returns=len(closing))

    def _hire(self) -> None:
        """Send a judge to every processor that has none, every few seconds."""
        if (now_s := time.monotonic()) < self._next_hiring_s:
            return
        import ray  # noqa: PLC0415

        self._next_hiring_s = now_s + _HIRING_S
        for node in ray.nodes():
            for number in range(judges := int(node["Resources"].get("CPU", 0)) if node["Alive"] else 0):
                post = _Post(node["NodeID"], number)
                if post not in self._judges:
                    self._start(post, f"{node['NodeName']} ({post.node_id[:12]})", judges)
        if not self._judges:
            raise Unavailable(
                f"--cluster {self._address}: no node with a processor is left; the same command goes on once there is"
            )

    def _start(self, post: _Post, node: str, judges_of_node: int) -> None:
        import ray  # noqa: PLC0415
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415

        place = NodeAffinitySchedulingStrategy(post.node_id, soft=False)
        hired = ray.remote(NodeJudge).options(num_cpus=1, scheduling_strategy=place)
        judge = _Judge(post, node, hired.remote(self._terms, post.number, judges_of_node))
        self._judges[post] = judge
        self._expect(judge, None, judge.actor.start.remote())

    def _ask(self, judge: _Judge, batch: _Batch) -> None:
        self._expect(judge, batch, judge.actor.evaluate.remote(batch.rows, *batch.problems))

    def _expect(self, judge: _Judge, batch: _Batch | None, reference: Any) -> None:
        reference.future().add_done_callback(lambda future: self._answers.put(_Answer(judge, batch, future)))

    def _result(self, answer: _Answer) -> Any:
        """Return what a judge answered, who is free again then, or None where the judge was lost.

        Raises:
            UserError: It is not fit to judge for us.
        """
        from ray.exceptions import RayError, RayTaskError  # noqa: PLC0415

        judge = answer.judge
        try:
            result = answer.future.result()
        except Refused as refusal:
            raise UserError(f"node {judge.node}: {refusal}") from refusal
        except RayTaskError:  # its code failed, as ours would here
            raise
        except RayError as error:
            self._lose(answer, error)
            return None
        if answer.batch is None:
            refuse_unlike_node(judge.node, self._ours, result)
        if self._judges.get(judge.post) is judge:
            self._free.extend([judge] * (_BATCHES_PER_JUDGE if answer.batch is None else 1))
        return result

    def _lose(self, answer: _Answer, error: Exception) -> None:
        """Forget a judge; another will be sent there if its node lives.

        Raises:
            UserError: Judges can't even start there.
        """
        import ray  # noqa: PLC0415

        judge = answer.judge
        if self._judges.get(judge.post) is not judge:
            return  # this is not the first batch that was lost with it
        del self._judges[judge.post]
        self._free = deque(free for free in self._free if free is not judge)
        ray.kill(judge.actor)  # should it only be out of reach
        self._false_starts[judge.post] += answer.batch is None
        if self._false_starts[judge.post] == _MOST_LOSSES:
            reason = " ".join(str(error).split())
            raise UserError(f"node {judge.node}: no judge can start there, see that proctor is installed: {reason}")


def _once_more(batch: _Batch) -> _Batch:
    if batch.losses + 1 == _MOST_LOSSES:
        raise Unavailable(
            f"{_MOST_LOSSES} judges in a row were lost with the same samples: see Ray's logs for what ended them "
            "(too little memory?); the same command goes on"
        )
    return batch._replace(losses=batch.losses + 1)
