"""Requests that no browser would write: refused in words, never a failure of ours."""

from __future__ import annotations

import httpx
import pytest


@pytest.mark.parametrize("host", ["[::1", "[:::::]", "h:99999", "h:x", "a b", "u@h", "h/x", "é"])
@pytest.mark.parametrize("path", ["/", "/calls", "/healthz"])
async def test_a_broken_host_is_refused(http: httpx.AsyncClient, path: str, host: str) -> None:
    answer = await http.get(path, headers=[(b"Host", host.encode("latin-1"))])
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_host")
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("origin", ["http://[", "http://[:::::]", "null", "x" * 5000])
async def test_a_broken_origin_changes_nothing(http: httpx.AsyncClient, origin: str) -> None:
    answer = await http.post("/calls", json={}, headers={"Origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize("cookie", ["9" * 5000 + ".x.y", "²." * 9, ".", "9" * 12])
async def test_a_forged_session_is_no_session(guarded: httpx.AsyncClient, cookie: str) -> None:
    headers = {b"Cookie": f"voicebot_session={cookie}".encode("latin-1")}
    assert (await guarded.get("/calls", headers=headers)).status_code == 401
