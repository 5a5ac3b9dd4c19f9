"""The pages that show results, each between two marks of its own."""

import peers
import table

BEGIN, END = "<!-- bench/publish: begin -->", "<!-- bench/publish: end -->"
# What matters most, for those who want one look.
SHORT = """
boot_ms boot_both_cpu_ms boot_limit_ms memory_kib memory_limit_kib idle_wakeups
restart_p50_ms restart_p99_ms killall_ms down_ms up_ms status_ms link_few_ms
link_ms stop_ms adopt_ms chain_ms
""".split()


def shown(results):
    """{page: what it shows of these results}"""
    short = table.as_markdown(table.rows(results, SHORT, is_short=True))
    return {
        peers.TOP / "README.md": short,
        peers.TOP / "doc" / "performance.md": table.document(results),
    }


def with_shown(page, text):
    """The text of a page with `text` between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"lacks {BEGIN} or, after it, {END}")
    return f"{before}{begin}\n{text}\n{end}{after}"
