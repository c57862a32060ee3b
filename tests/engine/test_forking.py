"""Whatever a job does, it costs its caller an error and the server nothing."""

import contextlib
import faulthandler
import os
import socket
import threading
import time

import numpy as np
import pytest

from anomed_core.engine import ForkingEngine, InlineEngine, begin, forking
from anomed_core.errors import EvaluationFailedError, EvaluationTimeoutError, LedgerError

MIB = 2**20


class Nice(tuple):
    """A job that gives way."""

    __slots__ = ()
    niceness = 7


def perform(job):
    name, argument = job
    return globals()[name](argument)


def double(values):
    return values * 2


def loop(_):
    while True:
        pass


def leave(code):
    os._exit(code)


def crash(_):
    faulthandler.disable()  # pytest's traceback of what is wanted would stand among the dots
    os.kill(os.getpid(), 11)


def fail(text):
    raise ValueError(text)


def leak(n_bytes):
    return len(bytearray(n_bytes))


def priority(_):
    return os.getpriority(os.PRIO_PROCESS, 0)


def wait(seconds):
    time.sleep(seconds)
    return seconds


@pytest.fixture(scope="module")
def engine():
    engine = ForkingEngine(perform, timeout_s=2.0, memory_bytes=512 * MIB, n_parallel=4)
    yield engine
    engine.close()


def test_a_result_comes_back_whole(engine):
    values = np.arange(1_000_000)
    assert (engine.run(("double", values)) == values * 2).all()


@pytest.mark.parametrize("job", [("leave", 0), ("leave", 7), ("crash", None), ("fail", "no")])
def test_a_job_that_dies_or_raises_is_our_failure(engine, job):
    with pytest.raises(EvaluationFailedError):
        engine.run(job)
    assert engine.run(("double", 2)) == 4


@pytest.mark.timed
def test_a_job_that_loops_is_ended(engine):
    began = time.monotonic()
    with pytest.raises(EvaluationTimeoutError, match="longer than 2 s"):
        engine.run(("loop", None))
    assert time.monotonic() - began < 6
    assert engine.run(("double", 2)) == 4


def test_a_job_that_takes_too_much_memory_fails_alone(engine):
    assert engine.run(("leak", 64 * MIB)) == 64 * MIB
    with pytest.raises(EvaluationFailedError):
        engine.run(("leak", 2048 * MIB))


def test_jobs_give_way_if_they_say_so(engine):
    usual = engine.run(("priority", None))
    assert engine.run(Nice(("priority", None))) == min(usual + 7, 19)


@pytest.mark.timed
def test_jobs_run_beside_each_other(engine):
    began = time.monotonic()
    threads = [threading.Thread(target=engine.run, args=(("wait", 0.7),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 2.0


def test_no_process_stays_behind():
    engine = ForkingEngine(perform, timeout_s=30.0, memory_bytes=512 * MIB, n_parallel=2)
    outcome = []

    def run():
        try:
            engine.run(("wait", 20))
        except EvaluationFailedError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.3)
    engine.close()
    thread.join(timeout=5)
    assert len(outcome) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(engine._fork_server, 0)


def engine_of_one(**options):
    limits = {"timeout_s": 2.0, "memory_bytes": 512 * MIB, "n_parallel": 1}
    return ForkingEngine(perform, **(limits | options))


def test_no_room_for_a_process_costs_one_job(monkeypatch):
    really, calls = os.fork, []

    def fork():
        calls.append("a call, in whichever process")
        if len(calls) == 2:  # the first is the fork server's own
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return really()

    monkeypatch.setattr(os, "fork", fork)
    engine = engine_of_one()
    with pytest.raises(EvaluationFailedError):
        engine.run(("double", 1))
    assert engine.run(("double", 2)) == 4
    engine.close()


def test_no_room_for_a_file_costs_one_job(monkeypatch):
    really, calls = socket.recv_fds, []

    def receive(*arguments):
        message, descriptors, flags, address = really(*arguments)
        calls.append(message)
        if len(calls) == 1:  # as recvmsg(2) does where no more files may be open
            os.close(descriptors.pop())
        return message, descriptors, flags, address

    monkeypatch.setattr(socket, "recv_fds", receive)
    engine = engine_of_one()
    with pytest.raises(EvaluationFailedError):
        engine.run(("double", 1))
    assert engine.run(("double", 2)) == 4
    engine.close()


def test_a_fork_server_that_fails_ends_instead_of_becoming_a_second_server(monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr(forking, "run_fork_server", fail)
    losses, here = [], os.getpid()
    engine = engine_of_one(on_loss=lambda: losses.append(os.getpid()))
    assert os.getpid() == here
    deadline = time.monotonic() + 10
    while not losses and time.monotonic() < deadline:  # it may take a moment to end
        with pytest.raises(EvaluationFailedError):
            engine.run(("double", 1))
    assert losses == [here]
    engine.close()


def begin_and_double(values):
    begin()
    return values * 2


def begin_come_what_may(_):
    with contextlib.suppress(Exception):
        begin()
    return "went on"


@pytest.mark.parametrize("kind", [ForkingEngine, InlineEngine])
class TestBeginning:
    """What a job says is noted before it goes on, whether it runs here or in a child."""

    @pytest.fixture
    def engine(self, kind, engine):
        return engine if kind is ForkingEngine else InlineEngine(perform)

    def test_it_is_noted_as_often_as_it_is_said(self, engine):
        noted = []

        assert engine.run(("begin_and_double", 2), begun=lambda: noted.append("begun")) == 4
        assert engine.run(("double", 2), begun=lambda: noted.append("begun")) == 4
        assert noted == ["begun"]

    def test_a_job_that_may_not_begin_has_no_result(self, engine):
        def refuse():
            raise LedgerError("the claim ran out")

        for job in ("begin_and_double", "begin_come_what_may"):
            with pytest.raises(LedgerError, match="the claim ran out"):
                engine.run((job, 2), begun=refuse)

    def test_nobody_need_listen(self, engine):
        assert engine.run(("begin_and_double", 2)) == 4
