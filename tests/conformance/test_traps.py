"""The traps of indicators by number, each from literal rows or files through the product itself.

What a trap is about stands in the docstring of the assertion called here. `test_mutations.py` shows
that each of them can fail.
"""

from __future__ import annotations

from tests.conformance import (
    bodies,
    borders,
    completeness,
    judgements,
    readings,
    successors,
    sums,
)
from tests.conformance.worlds import TrapWorld


def test_t01_a_city_ratio_is_pooled(city: TrapWorld) -> None:
    sums.t01_holds(city)


def test_t02_a_stock_over_a_stock_is_the_same_in_every_view(city: TrapWorld) -> None:
    sums.t02_holds(city)


def test_t03_the_population_is_the_newest_published_by_the_periods_end(city: TrapWorld) -> None:
    sums.t03_holds(city)


def test_t04_a_stock_is_read_off_and_a_flow_is_added(city: TrapWorld) -> None:
    sums.t04_holds(city)


def test_t04_an_element_without_a_kind_is_refused() -> None:
    readings.t04_registry_holds()


def test_t04_an_all_time_total_in_a_months_cell_is_found() -> None:
    readings.t04_rules_holds()


def test_t05_a_level_is_carried_for_a_declared_while(city: TrapWorld) -> None:
    sums.t05_holds(city)


def test_t06_a_window_stands_beside_no_calendar_period(city: TrapWorld) -> None:
    sums.t06_holds(city)


def test_t06_a_window_is_read_with_its_own_days() -> None:
    readings.t06_reading_holds()


def test_t07_months_and_year_to_date_are_one_identity(city: TrapWorld) -> None:
    sums.t07_holds(city)


def test_t07_swapped_columns_are_found() -> None:
    readings.t07_rules_holds()


def test_t08_a_running_total_is_read_off(city: TrapWorld) -> None:
    sums.t08_holds(city)


def test_t08_a_total_that_falls_is_found_by_one_rule() -> None:
    readings.t08_rules_holds()


def test_t09_shares_of_another_base_are_found_by_one_rule() -> None:
    readings.t09_rules_holds()


def test_t09_a_press_table_of_mixed_bases_is_caught() -> None:
    readings.t09_press_holds()


def test_t10_what_was_known_on_a_day_stays_answerable(city: TrapWorld) -> None:
    sums.t10_holds(city)


def test_t11_an_unknown_header_or_item_is_refused_with_the_list() -> None:
    readings.t11_reading_holds()


def test_t12_a_recode_and_a_merge_lose_nothing(city: TrapWorld) -> None:
    bodies.t12_holds(city)


def test_t12_a_rename_keeps_its_history(city: TrapWorld) -> None:
    borders.t12_rename_holds(city)


def test_t12_a_recode_keeps_its_history(city: TrapWorld) -> None:
    borders.t12_recode_holds(city)


def test_t12_a_merge_adds_and_divides_afterwards(city: TrapWorld) -> None:
    borders.t12_merge_holds(city)


def test_t12_a_split_gives_each_its_share(city: TrapWorld) -> None:
    borders.t12_split_holds(city)


def test_t12_a_split_without_shares_is_not_guessed(city: TrapWorld) -> None:
    borders.t12_undivided_holds(city)


def test_t12_a_transfer_takes_its_past_along(city: TrapWorld) -> None:
    borders.t12_transfer_holds(city)


def test_t12_a_transfer_within_a_period_leaves_each_city_its_months(city: TrapWorld) -> None:
    borders.t12_moved_holds(city)


def test_t12_one_body_under_two_codes_or_in_two_cities_counts_once(city: TrapWorld) -> None:
    successors.t12_told_holds(city)


def test_t12_a_flow_over_a_level_holds_those_that_ended(city: TrapWorld) -> None:
    successors.t12_levels_holds(city)


def test_t12_a_trace_follows_a_body_through_its_codes(city: TrapWorld) -> None:
    successors.t12_traced_holds(city)


def test_t12_a_year_in_one_figure_is_shared_by_the_cities_of_a_move(city: TrapWorld) -> None:
    successors.t12_annual_holds(city)


def test_t12_each_unit_bound_is_a_body_of_its_period(city: TrapWorld) -> None:
    borders.t12_bound_holds(city)


def test_t13_a_city_is_the_sum_of_its_partition(city: TrapWorld) -> None:
    bodies.t13_holds(city)


def test_t13_a_zone_that_comes_out_of_its_host_counts_from_then_on(city: TrapWorld) -> None:
    successors.t13_carved_holds(city)


def test_t14_what_no_county_holds_is_a_row_of_its_own(city: TrapWorld) -> None:
    bodies.t14_holds(city)


def test_t14_a_region_that_does_not_add_up_is_found() -> None:
    readings.t14_reading_holds()


def test_t15_missing_zero_and_nil_are_three_things(city: TrapWorld) -> None:
    bodies.t15_holds(city)


def test_t16_eleven_of_twelve_is_said_and_not_judged(city: TrapWorld) -> None:
    bodies.t16_holds(city)


def test_t17_nine_counties_over_the_people_of_nine(city: TrapWorld) -> None:
    bodies.t17_holds(city)


def test_t18_the_expected_set_is_dated(city: TrapWorld) -> None:
    bodies.t18_holds(city)


def test_t19_reporting_rates_have_no_hole(city: TrapWorld) -> None:
    completeness.t19_holds(city)


def test_t20_the_last_second_is_on_time(city: TrapWorld) -> None:
    completeness.t20_holds(city)


def test_t20_due_days_know_the_month_and_the_holiday() -> None:
    readings.t20_calendar_holds()


def test_t21_units_are_converted_once_by_a_declared_factor(city: TrapWorld) -> None:
    judgements.t21_holds(city)


def test_t21_a_filed_unit_is_not_guessed_and_a_slip_is_found() -> None:
    readings.t21_numbers_holds()


def test_t22_growth_is_of_the_summed_levels(city: TrapWorld) -> None:
    sums.t22_holds(city)


def test_t23_each_unit_bound_must_have_a_value(city: TrapWorld) -> None:
    judgements.t23_each_holds(city)


def test_t23_every_comparator_as_its_word_says(city: TrapWorld) -> None:
    judgements.t23_holds(city)


def test_t24_lower_meets_where_lower_is_better(city: TrapWorld) -> None:
    judgements.t24_holds(city)


def test_t24_nothing_is_judged_without_a_direction() -> None:
    readings.t24_registry_holds()


def test_t25_no_growth_is_chained_over_a_break(city: TrapWorld) -> None:
    sums.t25_holds(city)


def test_t26_compared_unrounded_and_printed_rounded(city: TrapWorld) -> None:
    judgements.t26_holds(city)


def test_t27_distinct_counts_are_never_added(city: TrapWorld) -> None:
    sums.t27_holds(city)


def test_t28_a_rule_is_judged_where_it_stands() -> None:
    readings.t28_rules_holds()


def test_t29_a_missing_child_is_never_a_zero(city: TrapWorld) -> None:
    completeness.t29_holds(city)


def test_t30_one_published_truth(city: TrapWorld) -> None:
    judgements.t30_holds(city)
