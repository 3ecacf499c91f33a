"""The cache of what was decoded: values that leave it may run code of the user."""

from threading import Thread

from hp_dist._carry.recent import Recent


def test_a_finalizer_may_use_the_cache_that_drops_its_value() -> None:
    recent = Recent(most=100, most_bytes=100)
    asked = []

    class Asking:
        def __del__(self) -> None:
            asked.append(recent.get(b"heavy"))

    def fill() -> None:
        for number in range(50):
            recent.put(bytes([number]), Asking(), 2)
        recent.put(b"heavy", None, 90)

    thread = Thread(target=fill, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert len(asked) >= 45  # 95 of 100 bytes of them had to go
