"""OpenTelemetry Collector and Jaeger: whether spans arrive, and whether they make up traces."""
