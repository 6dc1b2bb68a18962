"""Whether a form is its sender's to file, and of the workspace's kind."""

from __future__ import annotations

from sources.contract import FormIdentity
from sources.definitions import Definitions
from sources.errors import UnitMismatch, UnknownForm, WorkspaceKindMismatch
from sources.succession import is_same_body


def check_identity(
    identity: FormIdentity,
    expected_unit: str | None,
    definitions: Definitions,
    workspace_is_synthetic: bool | None,
) -> None:
    """Refuses a form that its sender does not file, or that is not of the workspace's kind."""
    _check_sender(identity, expected_unit, definitions)
    if workspace_is_synthetic is not None and identity.is_synthetic != workspace_is_synthetic:
        raise WorkspaceKindMismatch(file_is_synthetic=identity.is_synthetic)


def _check_sender(
    identity: FormIdentity, expected_unit: str | None, definitions: Definitions
) -> None:
    unit = definitions.units[identity.unit_code]
    if expected_unit is not None and not is_same_body(
        expected_unit, identity.unit_code, definitions
    ):
        sender = definitions.unit(expected_unit)
        raise UnitMismatch(
            f"{unit.unit_name_zh}（{unit.unit_code}）",
            f"{sender.unit_name_zh}（{expected_unit}）" if sender else expected_unit,
        )
    if identity.form_code not in definitions.forms_of_unit(identity.unit_code):
        raise UnknownForm(
            identity.form_code,
            reason_zh=f"报表 {identity.form_code} 不由{unit.unit_name_zh}报送",
            known=definitions.forms_of_unit(identity.unit_code),
        )
