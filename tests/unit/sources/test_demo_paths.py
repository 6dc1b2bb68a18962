"""The demo's arithmetic: draws, courses and exact splits."""

from __future__ import annotations

import pytest

from sources.demo.paths import Draw, geometric, split, through


def test_a_draw_depends_on_seed_and_names_only() -> None:
    draw = Draw(7)
    first = draw.unit("a", 1)
    draw.unit("b", 2)
    assert draw.unit("a", 1) == first
    assert Draw(8).unit("a", 1) != first
    assert 0 <= first < 1


def test_names_do_not_run_into_each_other() -> None:
    draw = Draw(7)
    assert draw.unit("ab", "c") != draw.unit("a", "bc")


def test_whole_numbers_reach_both_ends() -> None:
    draw = Draw(7)
    assert {draw.whole(2, 4, n) for n in range(200)} == {2, 3, 4}


def test_noise_stays_within_two_spreads() -> None:
    draw = Draw(7)
    drawn = [draw.noise(0.1, n) for n in range(500)]
    assert 0.79 < min(drawn) < 0.9
    assert 1.1 < max(drawn) < 1.21


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (100, [0.5, 0.25, 0.25], [50, 25, 25]),
        (1, [0.2, 0.7, 0.1], [0, 1, 0]),
        (0, [1, 2], [0, 0]),
        (5, [0, 0], [5, 0]),
    ],
)
def test_parts_follow_the_weights_and_add_up(
    total: int, weights: list[float], parts: list[int]
) -> None:
    assert split(total, weights) == parts


def test_parts_always_add_up() -> None:
    draw = Draw(7)
    for n in range(200):
        weights = [draw.unit(n, place) for place in range(9)]
        assert sum(split(n * 37, weights)) == n * 37


def test_growth_is_steady_between_two_marks() -> None:
    assert geometric(100, 400, 0.5) == pytest.approx(200)
    assert geometric(0, 10, 0.5) == 5


def test_a_course_passes_its_marks_and_keeps_its_last_rate() -> None:
    marks = [(2020.0, 100.0), (2022.0, 400.0), (2023.0, 400.0)]
    assert through(marks, 2020) == pytest.approx(100)
    assert through(marks, 2021) == pytest.approx(200)
    assert through(marks, 2022) == pytest.approx(400)
    assert through(marks, 2024) == pytest.approx(400)
    assert through(marks[:2], 2023) == pytest.approx(800)
    assert through(marks[:1], 2030) == 100
