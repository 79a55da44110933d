"""The tenant that a program names."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.wire.tenant_names import tenant_named

_T = "0abcdef0-2222-3333-4444-555555555555"
_OTHER = "99999999-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    "script",
    [
        f'auth = InteractiveLoginAuthentication(tenant_id="{_T}")',
        f"ids = [\"{_OTHER}\"]\nauth = InteractiveLoginAuthentication(force=False,\n    tenant_id = '{_T}')",
        f'MY = "{_T}"\nSUBSCRIPTION = "{_OTHER}"\nauth = InteractiveLoginAuthentication(tenant_id=MY)',
        f'auth = InteractiveLoginAuthentication(True, "{_T}")',
        f'config = {{"subscription_id": "{_OTHER}", "tenantId": "{_T}"}}',
        f'tenant = "{_T}"  # and not {_OTHER}',
    ],
)
def test_in_the_script(tmp_path: Path, script: str) -> None:
    (tmp_path / "main.py").write_text(script)
    (tmp_path / "aaa.py").write_text(f'tenant_id = "{_OTHER}"')
    assert tenant_named(["python", "main.py"], {}, tmp_path) == _T


def test_in_arguments_environment_modules_and_files(tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text("from helper import auth\n")
    assert tenant_named(["python", "main.py"], {}, tmp_path) is None
    assert tenant_named(["python", "main.py", "--tenant-id", _T], {}, tmp_path) == _T
    assert tenant_named(["python", "main.py", f"--tenant={_T}"], {}, tmp_path) == _T
    assert tenant_named(["python", "main.py"], {"MY_TENANT": _T, "CLIENT": _OTHER}, tmp_path) == _T
    (tmp_path / ".env").write_text(f"TENANT_ID={_OTHER}\n")
    assert tenant_named(["python", "main.py"], {}, tmp_path) == _OTHER
    (tmp_path / "helper.py").write_text(f'auth = dict(tenant_id="{_T}")')
    assert tenant_named(["python", "main.py"], {}, tmp_path) == _T


def test_program_without_script_or_folder(tmp_path: Path) -> None:
    assert tenant_named(["jupyter"], {}, tmp_path / "gone") is None
    assert tenant_named([], {}, tmp_path) is None
