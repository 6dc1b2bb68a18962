"""The site of the models: one file that tells every mart and what reads it, before any night."""

from __future__ import annotations

import json
from pathlib import Path

from orchestration.dbt_site import write_site
from warehouse.settings import Settings


def test_the_site_of_the_models_needs_no_night(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path / "var", environ={})
    text = write_site(settings, tmp_path / "models.html").read_text(encoding="utf-8")
    for exposure in ("plan_tables", "leaders_dashboard", "figures_and_their_changes"):
        assert f"exposure.qiangshi.{exposure}" in text
    for mart in ("plan_table", "city_indicators", "reporting_rates", "data_dictionary"):
        assert f"model.qiangshi.{mart}" in text
    assert json.dumps("规划指标表")[1:-1] in text
