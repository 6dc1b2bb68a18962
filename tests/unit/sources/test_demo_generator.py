"""The demo: complete, plausible, consistent, anchored on what was published."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from sources.definitions import Definitions
from sources.demo.arrivals import DEMO_PEOPLE_MARKERS, last_moment
from sources.demo.courses import OFFICIAL, deliveries, listed_courses, published_anchors
from sources.demo.generator import write_demo
from sources.demo.planning import plan_demo
from sources.demo.submission import DemoSubmission
from sources.duedates import Calendar
from sources.periods import parse_period, previous
from sources.submission_files import parse_submission

Values = dict[tuple[str, str, str], Decimal]


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return Definitions.load()


@pytest.fixture(scope="module")
def demo(definitions: Definitions) -> list[DemoSubmission]:
    return list(plan_demo(definitions))


@pytest.fixture(scope="module")
def values(definitions: Definitions, demo: list[DemoSubmission]) -> Values:
    """Filed value by unit, element and period."""
    found: Values = {}
    for filed in demo:
        form = filed.form_version
        for cell in definitions.form_elements(form.form_code, form.form_version):
            key = (filed.unit.unit_code, cell.element_code, filed.period.code)
            found[key] = filed.values[cell.row_code, cell.value_column]
    return found


def test_every_unit_files_every_form_of_every_period_once(
    definitions: Definitions, demo: list[DemoSubmission]
) -> None:
    filed = Counter(
        (s.unit.unit_code, s.form_version.form_code, s.form_version.frequency) for s in demo
    )
    frequencies = {f.form_code: f.frequency for f in definitions.form_versions}
    in_five_years = {"month": 60, "quarter": 20, "year": 5}
    owed = {f.form_code for f in definitions.form_versions if f.form_kind == "template"}
    for assignment in definitions.assignments:
        if assignment.form_code not in owed:
            continue
        frequency = frequencies[assignment.form_code]
        before = assignment.first_period_start.year < 2021
        key = (assignment.unit.unit_code, assignment.form_code, frequency)
        assert filed.pop(key) == in_five_years[frequency] + before
    assert not filed
    assert len({s.place for s in demo}) == len(demo)


def test_the_stocks_of_the_last_quarter_before_the_start_are_filed(
    demo: list[DemoSubmission],
) -> None:
    assert {s.period.code for s in demo if s.period.start.year == 2020} == {"2020-Q4"}


def test_the_last_twelve_months_are_workbooks_and_older_ones_text(
    demo: list[DemoSubmission],
) -> None:
    for filed in demo:
        assert (filed.file_format == "xlsx") == (filed.period.end.year == 2025)
    assert {s.file_format for s in demo} == {"xlsx", "utf-8-sig", "gb18030"}


def test_the_same_seed_gives_the_same_demo_and_another_seed_another(
    definitions: Definitions,
) -> None:
    def some(seed: int) -> list[DemoSubmission]:
        city = sorted(definitions.plan_cities)[0]
        return list(plan_demo(definitions, "2025-10", "2025-12", seed, {city}))

    assert some(3) == some(3)
    assert [s.values for s in some(3)] != [s.values for s in some(4)]


def test_figures_do_not_depend_on_where_the_demo_starts_or_which_cities_are_written(
    definitions: Definitions, demo: list[DemoSubmission]
) -> None:
    city = sorted(definitions.plan_cities)[-1]
    whole = {s.place: s.values for s in demo if s.period.start.year == 2025}
    late = list(plan_demo(definitions, "2025-04", "2025-12", cities={city}))
    assert late
    assert {s.unit.city_code for s in late} == {city}
    assert all(s.values == whole[s.place] for s in late if s.place in whole)


def test_county_figures_add_up_to_every_published_city_figure(
    definitions: Definitions, values: Values
) -> None:
    seen = 0
    for (area, element), figures in published_anchors(definitions).items():
        for period, published in figures.items():
            parts = [
                value for (unit, code, when), value in values.items()
                if (code, when) == (element, period)
                and definitions.units[unit].city_code == area
                and definitions.units[unit].is_partition_member
            ]  # fmt: skip
            if area in definitions.plan_cities and parts:
                assert sum(parts) == published, (area, element, period)
                seen += 1
    # Four cities × three months × twelve cells, and three stocks of one city.
    assert seen == 4 * 3 * 12 + 3


def test_a_running_column_is_the_sum_of_its_months(
    definitions: Definitions, demo: list[DemoSubmission]
) -> None:
    runs: dict[tuple[str, str, str, int], Decimal] = defaultdict(Decimal)
    checked = 0
    for filed in sorted(demo, key=lambda s: s.period):
        for (row, column), value in filed.values.items():
            if column != "current":
                continue
            key = (filed.unit.unit_code, filed.form_version.form_code, row, filed.period.start.year)
            runs[key] += value
            if (row, "ytd") in filed.values:
                assert filed.values[row, "ytd"] == runs[key]
                checked += 1
    assert checked > 10_000


def test_sums_parts_and_movements_hold_everywhere(
    definitions: Definitions, demo: list[DemoSubmission], values: Values
) -> None:
    for course in listed_courses().values():
        mine = [key for key in values if key[1] == course.element_code]
        for unit, code, period in mine:
            own = values[unit, code, period]
            others = [values[unit, other, period] for other in course.of]
            if course.course == "sum":
                assert own == sum(others)
            elif course.course in ("part", "held", "category", "bodies"):
                assert 0 <= own <= others[0]
            elif course.course == "remainder":
                assert own <= others[0] <= own + sum(others[1:])
            elif course.course == "gained":
                before = values.get((unit, course.of[0], previous(parse_period(period)).code))
                stock, lapsed, moved = others
                assert own >= 0
                assert before is None or stock == before + own - lapsed + moved


def test_a_zone_never_exceeds_the_host_that_holds_it(
    definitions: Definitions, values: Values
) -> None:
    zones = [
        u for u in definitions.units.values() if u.host_unit_code and not u.is_partition_member
    ]
    assert zones
    for zone in zones:
        for (unit, element, period), value in values.items():
            host = (str(zone.host_unit_code), element, period)
            if unit == zone.unit_code and host in values:
                assert value <= values[host], (unit, element, period)


def test_farm_product_indications_do_not_grow_once_their_register_closed(values: Values) -> None:
    closed = [c.element_code for c in listed_courses().values() if c.until is not None]
    assert closed
    for (unit, element, period), value in values.items():
        if element in closed and period > "2022-Q1":
            assert value == values[unit, element, "2022-Q1"]


def test_some_targets_are_met_and_some_are_missed(definitions: Definitions, values: Values) -> None:
    """Of the printed end values of valid trademarks, some cities pass theirs, some do not."""
    reached = set()
    for row in definitions.table("plan_targets").iter_rows(named=True):
        if row["indicator_code"] == "TM_VALID_STOCK" and row["tier"] == "table":
            city = next(
                p["city_code"] for p in definitions.table("plans").iter_rows(named=True)
                if p["plan_code"] == row["plan_code"]
            )  # fmt: skip
            total = sum(
                value for (unit, element, period), value in values.items()
                if (element, period) == ("tm_valid_stock", "2025-Q4")
                and definitions.units[unit].city_code == city
                and definitions.units[unit].is_partition_member
            )  # fmt: skip
            share = total / (Decimal(row["target_low"]) * Decimal(row["unit_factor"]))
            assert Decimal("0.8") < share < Decimal("1.2")
            reached.add(share >= 1)
    assert reached == {True, False}


def test_files_arrive_after_their_period_and_before_the_demo_s_day(
    definitions: Definitions, demo: list[DemoSubmission]
) -> None:
    calendar, clock = Calendar(definitions), datetime(2026, 1, 31)
    late = 0
    for filed in demo:
        due = calendar.due_at(filed.form_version, filed.unit.city_code, filed.period)
        assert filed.received_at.date() > filed.period.end
        assert filed.received_at < clock
        assert due - timedelta(days=6) < filed.received_at < due + timedelta(days=10)
        late += filed.received_at > due
    assert 0.01 < late / len(demo) < 0.06


@pytest.mark.parametrize(("end", "day"), [("2025-12", "2026-01-31"), ("2025-01", "2025-02-28")])
def test_the_demo_s_day_is_the_end_of_the_next_month(end: str, day: str) -> None:
    assert last_moment(parse_period(end).end) == datetime.fromisoformat(day)


def test_file_names_hold_brackets_blanks_and_mongolian(demo: list[DemoSubmission]) -> None:
    names = " ".join(s.file_name for s in demo)
    assert all(part in names for part in ("（", "[1]", "(最终版)", "ᠣᠶᠤᠨ"))
    assert max(len(s.file_name.encode()) for s in demo) < 255


def test_a_few_forms_are_bent_without_harm(demo: list[DemoSubmission]) -> None:
    variants = Counter(s.variant for s in demo)
    assert set(variants) == {"", "full_width", "moved_column"}
    assert sum(n for name, n in variants.items() if name) < 0.01 * len(demo)


@pytest.fixture(scope="module")
def written(definitions: Definitions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    inbox = tmp_path_factory.mktemp("home") / "inbox"
    city = sorted(definitions.plan_cities)[0]
    told: list[tuple[int, int]] = []
    summary = write_demo(
        definitions, inbox, "2025-11", "2025-12", cities={city},
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert summary.files == sum(path.is_file() for path in inbox.rglob("*"))
    assert summary.files == summary.xlsx + summary.csv
    assert summary.faults_manifest_path is None
    assert told[-1] == (summary.files, summary.files)
    return inbox


def test_a_file_s_time_is_its_arrival_in_shanghai(
    definitions: Definitions, written: Path, demo: list[DemoSubmission]
) -> None:
    arrivals = {s.place: s.received_at for s in demo}
    checked = 0
    for path in written.rglob("*.xlsx"):
        expected = arrivals.get(path.relative_to(written))
        if expected is not None:
            utc = datetime(1970, 1, 1) + timedelta(seconds=path.stat().st_mtime)
            assert utc + timedelta(hours=8) == expected
            checked += 1
    assert checked > 20


def test_published_files_are_handed_in_byte_by_byte_with_the_cities_they_tell_of(
    definitions: Definitions, written: Path, tmp_path: Path
) -> None:
    """A city's own press figures come only with the city, a region's releases with its cities."""
    write_demo(definitions, tmp_path, "2025-12", "2025-12", cities={"150400"})
    for inbox, areas in ((written, {"140600", "140000"}), (tmp_path, {"150400", "150000"})):
        for delivery in deliveries():
            unit = definitions.units[delivery.unit_code]
            copy = inbox / unit.city_code / unit.unit_code / delivery.file_name
            assert copy.exists() == (delivery.unit_code in areas)
            if copy.exists():
                assert copy.read_bytes() == (OFFICIAL / delivery.file_name).read_bytes()


def test_a_written_file_reads_back_as_planned_and_names_planted_people(
    definitions: Definitions, written: Path, demo: list[DemoSubmission]
) -> None:
    planned = {s.place: s for s in demo}
    path = next(p for p in sorted(written.rglob("*.xlsx")) if p.relative_to(written) in planned)
    filed = planned[path.relative_to(written)]
    parsed = parse_submission(path.read_bytes(), path.name, filed.unit.unit_code, definitions, True)
    read = {
        (row, column): Decimal(number)
        for row, column, number in parsed.values.select(
            "row_code", "value_column", "number_text"
        ).iter_rows()
    }
    assert read == dict(filed.values)
    assert parsed.identity.people["填表人"] in DEMO_PEOPLE_MARKERS
    assert any(mark in parsed.identity.people["联系电话"] for mark in DEMO_PEOPLE_MARKERS)
