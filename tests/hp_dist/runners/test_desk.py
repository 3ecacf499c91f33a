"""The desk of a sweep on Ray: a call that is repeated loses nothing, and counts once."""

import asyncio

from hp_dist.runners.desk import Desk

ONE, AGAIN = (7, 1), (7, 2)


def test_notes_stay_until_the_launcher_says_that_it_has_them():
    async def body():
        desk = Desk()
        await desk.started(ONE, "here")
        lost, again = await desk.take(0, 1), await desk.take(0, 1)
        assert lost == again == [("started", ONE, "here")]
        await desk.started(AGAIN, "there")
        assert await desk.take(1, 2) == [("started", AGAIN, "there")]
        assert await desk.take(0, 1) == [("started", AGAIN, "there")]  # an old call that comes late

    asyncio.run(body())


def test_a_report_that_comes_twice_is_one_question_with_one_answer():
    async def body():
        desk = Desk()
        first = asyncio.create_task(desk.report(ONE, 0.5, 3))
        second = asyncio.create_task(desk.report(ONE, 0.5, 3))
        assert await desk.take(0, 1) == [("reported", ONE, 0.5, 3)]
        await desk.answer(ONE, True)
        await desk.answer(ONE, False)
        assert await asyncio.gather(first, second) == [True, True]
        assert await desk.report(ONE, 0.5, 3) is True

    asyncio.run(body())


def test_an_attempt_that_is_still_alive_elsewhere_gets_no_answer_of_the_next():
    async def body():
        desk = Desk()
        old = asyncio.create_task(desk.report(ONE, 0.5, 0))
        new = asyncio.create_task(desk.report(AGAIN, 0.5, 0))
        await desk.take(0, 1)
        await desk.answer(AGAIN, False)
        assert await new is False
        assert not old.done()
        old.cancel()

    asyncio.run(body())


def test_a_call_that_begins_after_it_was_woken_returns_at_once_and_the_next_one_waits():
    async def body():
        desk = Desk()
        await desk.wake(2)
        assert await desk.take(0, 1) == await desk.take(0, 2) == []
        waits = asyncio.create_task(desk.take(0, 3))
        await asyncio.sleep(0)
        assert not waits.done()
        await desk.started(ONE, "here")
        assert await waits == [("started", ONE, "here")]

    asyncio.run(body())
