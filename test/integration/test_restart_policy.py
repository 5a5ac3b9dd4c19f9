"""The file "restart": delays that grow, words that aren't understood."""

import time

from support import wait_until


def policy_of(service, line):
    (service.path / "restart").write_text(f"{line}\n")


def waits_s(service):
    """How far off the next start is; None while none is due."""
    fields = service.state()
    if fields.get("phase") != "waiting":
        return None
    return int(fields["start-due-ns"]) / 1e9 - time.monotonic()


def test_a_delay_grows_up_to_a_minute_where_no_more_is_said(scan):
    """The supervisor once took delays over five seconds for damage."""
    service = scan.make(run="#!/bin/sh\necho >>lives\nexit 1\n")
    policy_of(service, "always backoff=100")
    scan.start()
    wait_until(lambda: (waits_s(service) or 0) > 30)
    assert waits_s(service) <= 60
    assert len(service.lines("lives")) == 2


def test_the_rest_of_a_line_counts_when_a_word_is_not_understood(scan):
    service = scan.make(run="#!/bin/sh\necho >>lives\nexit 1\n")
    policy_of(service, "never dealy=1h")
    scan.start()
    scan.wait_said(
        'svscan: warning: service/restart: "dealy=1h" is not delay=, backoff=,'
        " max-delay= or limit=; ignoring it"
    )
    wait_until(lambda: service.state().get("failed") == "1")
    assert len(service.lines("lives")) == 1
