"""The few shapes of PromQL that the dashboards are made of. `of` holds label matchers, as `agent="intake"`."""

from pipeline.observability.dashboards.grafana import Query

RATE = "$__rate_interval"
RANGE = "$__range"
WORKERS = 'job=~"$job"'


def series(name: str, *of: str) -> str:
    """A series of workers of the chosen jobs. name: without its prefix."""
    return f"afterclick_{name}{{{', '.join((WORKERS, *of))}}}"


def rate(name: str, *of: str, by: str = "", over: str = RATE) -> str:
    """Of a counter, a second, summed up; by: labels that stay apart."""
    return f"sum{_by(by)} (rate({series(name, *of)}[{over}]))"


def increase(name: str, *of: str, by: str = "", over: str = RANGE) -> str:
    """Of a counter, over the range shown, summed up."""
    return f"sum{_by(by)} (increase({series(name, *of)}[{over}]))"


def ratio(part: str, whole: str) -> str:
    """One over the other; nothing where there is no whole."""
    return f"{part} / ({whole} > 0)"


def quantile(share: float, histogram: str, by: str = "") -> Query:
    """A quantile of a histogram, with a legend that says which. by: one label, or none."""
    labels = f"{by}, le" if by else "le"
    buckets = f"sum by ({labels}) (rate({series(histogram + '_bucket')}[{RATE}]))"
    return Query(f"histogram_quantile({share}, {buckets})", f"{legend(by)} {share:.0%}".strip())


def legend(by: str) -> str:
    """The values of labels, in words."""
    return " ".join(f"{{{{{label.strip()}}}}}" for label in by.split(",") if label)


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""
