"""Pages from templates: everything escaped, one frame around all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from console import charts
from console.desk import Visit
from console.navigation import entries_for
from console.security import token_of
from console.words import FILTERS

HERE = Path(__file__).parent
STATIC = HERE / "static"


class Renderer:
    """Makes HTML of a template and what a view found."""

    def __init__(self) -> None:
        self.environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters.update(FILTERS)
        self.environment.globals["sparkline"] = charts.sparkline
        self.environment.globals["progress_bar"] = charts.progress_bar
        self.environment.globals["static"] = static_address

    def page(
        self, visit: Visit, template: str, shown: Mapping[str, Any], status: int = 200
    ) -> HTMLResponse:
        """One whole page."""
        token = token_of(visit.request)
        text = self.environment.get_template(template).render(
            **shown,
            person=visit.person,
            is_demo=visit.desk.is_synthetic,
            has_provider=visit.settings.oidc_issuer is not None,
            csrf=Markup('<input type="hidden" name="csrf" value="{}">').format(token),
            here=visit.request.url.path,
            navigation=entries_for(visit),
            today=visit.desk.now(),
            flash=visit.request.query_params.get("done", "")[:200],
        )
        return HTMLResponse(text, status_code=status)


_DIGESTS: dict[str, str] = {}


def static_address(name: str) -> str:
    """The address of a vendored file; its content stands in it, so an update is seen at once."""
    if name not in _DIGESTS:
        _DIGESTS[name] = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={_DIGESTS[name]}"
