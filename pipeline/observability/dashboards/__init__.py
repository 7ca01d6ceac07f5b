"""Grafana's dashboards, as code over the metric table. `python -m pipeline.observability.dashboards` writes them to
docker/grafana/dashboards."""
