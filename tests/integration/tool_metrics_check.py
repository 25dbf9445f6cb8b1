#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""tool_metrics_check.py EXPRESSION <METRICS: Prometheus' text format 0.0.4, the ledger, and the expression.

m(NAME, LABEL=VALUE...) is the value of one sample; families are the names.
"""
import re
import sys

LABEL = r'([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(r"([a-z_0-9]+)(?:\{(" + LABEL + "(?:," + LABEL + r")*)\})? (-?[0-9.]+)")
COMMENT = re.compile(r"# (HELP|TYPE) ([a-z_0-9]+) (.+\.|counter|gauge)")

text = sys.stdin.read()
assert text.endswith("\n"), "the last line does not end"
families, samples = set(), {}
family = ""
for line in text.splitlines():
    comment, sample = COMMENT.fullmatch(line), SAMPLE.fullmatch(line)
    assert comment or sample, line
    if comment and comment[1] == "HELP":
        family = comment[2]
        assert family not in families, f"{family} is told twice"
        families.add(family)
    elif comment:
        assert comment[2] == family, f"{line}: below {family}"
        assert (comment[3] == "counter") == family.endswith("_total"), line
    else:
        key = sample[1], frozenset(re.findall(LABEL, sample[2] or ""))
        assert sample[1] == family, f"{line}: below {family}"
        assert key not in samples, f"{line}: twice"
        samples[key] = float(sample[sample.lastindex])


def m(name, **labels):
    return samples[name, frozenset(labels.items())]


parts = m("s3hls_segments_delivered_total") + m("s3hls_segments_dropped_total")
parts += m("s3hls_segments", state="waiting") + m("s3hls_segments", state="spooled")
assert m("s3hls_segments_accepted_total") == parts, "the ledger does not close"
assert eval(sys.argv[1]), sys.argv[1]
