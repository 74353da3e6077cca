"""The knobs of the pages, one frozen section; read from the environment only by composition roots."""

from __future__ import annotations

from pydantic import ByteSize, Field

from storage.settings import Section


class WebSettings(Section):
    """How the pages behave. Names: SOHOA_WEB__<FIELD>."""

    unit: str | None = None
    """Code of the unit whose name stands at the head of public pages; default: the first in force."""
    public_only: bool = False
    """Publish the pages for applicants alone: no desk, no sign-in."""
    max_verify_bytes: ByteSize = ByteSize(100_000_000)
    """Largest file that anybody may hand in for verification on the page."""
    verifications_a_minute: int = Field(default=12, ge=1)
    """Verifications of one network address; they cost processor time."""
    look_ups_a_minute: int = Field(default=30, ge=1)
    """Look-ups and second factors of one network address, right or wrong."""
    wait_seconds: float = Field(default=2.0, ge=0, le=30)
    """How long an issuing form waits for the signature before it shows the number alone."""
