"""Two servers on one state are restarted one after the other, and nobody behind a proxy notices."""

import os
import signal
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

import attrs

from tests.e2e.processes import RunningServer, free_port, serving

from .books import books_of, verify_by_command
from .conftest import NoteFigures, configuration, probe_command
from .participants import Answer, prediction, submit
from .probe import Order
from .test_kill import wait_for, workers_of

N_CLIENTS = 6
DRAIN_S = 0.3
"""Between the moment from which a proxy sends nobody to a server any more, and its end."""


class Proxy:
    """Clients that are sent to each upstream in turn, and hand in one final after the other."""

    def __init__(self) -> None:
        self.upstreams: list[int] = []
        self.answers: dict[str, Answer] = {}
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._play, args=(n,)) for n in range(N_CLIENTS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _play(self, number: int) -> None:
        turn = 0
        while not self._ended.is_set():
            turn += 1
            upstreams = tuple(self.upstreams)
            port = upstreams[turn % len(upstreams)]
            self.answers[f"p{number}-{turn}"] = submit(port, f"p{number}-{turn}", SLOW)

    def wait_for_more(self, n_answers: int) -> None:
        n_before = len(self.answers)
        wait_for(lambda: len(self.answers) >= n_before + n_answers)


SLOW = prediction(Order.SLEEP, 0.05)


@attrs.define(kw_only=True)
class Upstream:
    """One of two servers, which may be ended and started again at its port."""

    folder: Path
    ledger_options: list[str]
    number: int
    port: int = attrs.field(factory=free_port)
    _running: AbstractContextManager[RunningServer] | None = None
    _n_starts: int = 0

    def start(self) -> RunningServer:
        command = probe_command(self.folder, "--workers", "2", *self.ledger_options)
        self._n_starts += 1
        name = f"server-{self.number}-{self._n_starts}"
        self._running = serving(command, name=name, folder=self.folder, port=self.port)
        return self._running.__enter__()

    def end(self) -> None:
        if self._running is not None:
            self._running.__exit__(None, None, None)
            self._running = None


def test_a_rolling_restart_fails_no_request(
    tmp_path: Path, ledger_options: list[str], note_figures: NoteFigures
) -> None:
    (tmp_path / "challenge.toml").write_text(configuration(challenge={"cheap": False}))
    both = [Upstream(folder=tmp_path, ledger_options=ledger_options, number=n) for n in range(2)]
    try:
        servers = [upstream.start() for upstream in both]
        proxy = Proxy()
        proxy.upstreams = [upstream.port for upstream in both]
        with proxy:
            proxy.wait_for_more(2 * N_CLIENTS)
            for place, upstream in enumerate(both):
                proxy.upstreams = [other.port for other in both if other is not upstream]
                time.sleep(DRAIN_S)
                upstream.end()
                proxy.wait_for_more(N_CLIENTS)
                servers[place] = upstream.start()
                proxy.upstreams = [upstream.port for upstream in both]
                proxy.wait_for_more(2 * N_CLIENTS)
            before = {name: answer.status for name, answer in proxy.answers.items()}
            os.kill(workers_of(servers[0])[0], signal.SIGKILL)
            proxy.wait_for_more(4 * N_CLIENTS)
        cut = [name for name, answer in proxy.answers.items() if answer.status == 0]
        for name in cut:
            proxy.answers[name] = submit(both[1].port, name, SLOW)
    finally:
        for upstream in both:
            upstream.end()

    assert {*before.values()} == {201}
    assert len(cut) <= N_CLIENTS  # what was in the killed worker
    statuses = {name: answer.status for name, answer in proxy.answers.items()}
    assert {*statuses.values()} <= {201, 409}
    assert {name for name, status in statuses.items() if status == 409} <= {*cut}
    scored = {n: (a.score_id, a.body["mean"]) for n, a in proxy.answers.items() if a.status == 201}
    with books_of(tmp_path, ledger_options) as books:
        books.prove(scored)
        assert books.finals().keys() == proxy.answers.keys()
    assert verify_by_command(tmp_path, ledger_options).endswith("chain unbroken.")
    note_figures(f"{len(proxy.answers)} finals over 2 restarts and a kill, {len(cut)} cut off")
