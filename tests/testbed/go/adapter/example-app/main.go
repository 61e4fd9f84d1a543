// Command example-app answers and counts as quay.io/brancz/prometheus-example-app:v0.3.0 does.
//
// A stand-in: that program is not to be had as a Go module. Its metrics have the same names,
// labels and buckets, so whatever asks for them is asked for the real ones.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var (
	version = prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "version",
		Help:        "Version information about this binary",
		ConstLabels: map[string]string{"version": "v0.3.0"},
	})
	requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "http_requests_total",
		Help: "Count of all HTTP requests",
	}, []string{"code", "method"})
	durations = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_request_duration_seconds",
		Help: "Duration of all HTTP requests",
	}, []string{"code", "handler", "method"})
)

func answering(status int, text string) http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		answer.WriteHeader(status)
		fmt.Fprint(answer, text)
	})
}

func main() {
	address := flag.String("bind", ":8080", "The socket to bind to.")
	flag.Parse()
	version.Set(1)
	registry := prometheus.NewRegistry()
	registry.MustRegister(version, requests, durations)

	found := answering(http.StatusOK, "Hello from example application.")
	timed := durations.MustCurryWith(prometheus.Labels{"handler": "found"})
	mux := http.NewServeMux()
	mux.Handle("/", promhttp.InstrumentHandlerDuration(timed, promhttp.InstrumentHandlerCounter(requests, found)))
	mux.Handle("/err", promhttp.InstrumentHandlerCounter(requests, answering(http.StatusNotFound, "")))
	mux.Handle("/internal-err", promhttp.InstrumentHandlerCounter(requests, answering(http.StatusInternalServerError, "")))
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Addr: *address, Handler: mux, ReadHeaderTimeout: 3 * time.Second}
	log.Fatal(server.ListenAndServe())
}
