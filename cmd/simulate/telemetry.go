package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"holdfast/archive"
	"holdfast/archive/telemetry"
	"holdfast/scenarios"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/world"
)

// metrics are where the metrics and spans of runs go, besides the numbers of the report.
type metrics struct {
	stderr      io.Writer
	file        *os.File                 // of --metrics; nil: not asked for
	provider    *sdkmetric.MeterProvider // nil: the environment asks for none
	instruments *telemetry.Instruments
	traces      *traces // nil: the environment asks for none
}

// checkMetrics reports why --metrics can't be had.
func (o runOptions) checkMetrics(core string) error {
	switch {
	case o.metrics == "-":
		return usage("--metrics wants a file: stdout is for the report")
	case o.metrics != "" && core != cores.Production:
		return usage("--metrics is for the production core: %s does not say what it does", core)
	}
	return nil
}

// openMetrics begins what the flag and the environment ask for.
func (a *app) openMetrics(ctx context.Context, file string) (*metrics, error) {
	m := &metrics{stderr: a.stderr}
	var err error
	if m.provider, err = meterProvider(ctx, a.stderr); err != nil {
		return nil, usage("%w", err)
	}
	if m.provider != nil {
		if m.instruments, err = telemetry.NewInstruments(m.provider.Meter("holdfast/archive/telemetry")); err != nil {
			return nil, couldNotRun("make the instruments: %w", err)
		}
	}
	if m.traces, err = tracerProvider(ctx, a.stderr); err != nil {
		_ = m.close(ctx)
		return nil, usage("%w", err)
	}
	if file != "" {
		if m.file, err = os.Create(file); err != nil {
			_ = m.close(ctx)
			return nil, couldNotRun("--metrics: %w", err)
		}
	}
	return m, nil
}

// of plays a run and writes its metrics.
func (m *metrics) of(p *play, play func() (*measure.Measurement, error)) (*measure.Measurement, error) {
	var sinks []telemetry.Sink
	if m.instruments != nil {
		sinks = append(sinks, m.instruments)
	}
	flush := func() error { return nil }
	if m.file != nil {
		emf, err := telemetry.NewEMF(m.file, emfOptions(p))
		if err != nil {
			return nil, err
		}
		sinks, flush = append(sinks, emf), emf.Flush
	}
	var observer archive.Observer
	if len(sinks) > 0 {
		observer = telemetry.Metrics(sinks...)
	}
	if spans := m.spansOf(p); spans != nil || len(sinks) > 0 {
		p.point.Run.Observe = func(actor string, _ scenarios.Kind) archive.Observer {
			if spans == nil {
				return observer
			}
			return archive.Observers(spans(actor), observer)
		}
	}
	run, err := play()
	if flushed := flush(); flushed != nil && err == nil {
		err = couldNotRun("--metrics: %w", flushed)
	}
	return run, err
}

func emfOptions(p *play) telemetry.EMFOptions {
	o := telemetry.EMFOptions{Properties: map[string]string{"scenario": p.point.Run.Scenario.Name, "world": p.point.World}}
	if p.point.World == virtual {
		o.Clock = epoch{}
	}
	return o
}

// epoch is the time of virtual runs, whose metrics must not depend on when they
// were made. CloudWatch takes none that are older than two weeks, and shall not
// take these.
type epoch struct{ archive.WallClock }

func (epoch) Now() time.Time { return world.Epoch }

// exportTimeout bounds the last export, which nobody waits for gladly.
const exportTimeout = 5 * time.Second

// close exports what has not been exported. That a collector is not there is told
// and does not fail the runs.
func (m *metrics) close(ctx context.Context) error {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportTimeout)
	defer cancel()
	if m.provider != nil {
		if err := m.provider.Shutdown(last); err != nil {
			fmt.Fprintf(m.stderr, "simulate: the metrics were not exported: %s\n", oneLine(err.Error()))
		}
	}
	if m.traces != nil {
		if err := m.traces.close(last); err != nil {
			fmt.Fprintf(m.stderr, "simulate: the spans were not exported: %s\n", oneLine(err.Error()))
		}
	}
	if m.file != nil {
		if err := m.file.Close(); err != nil {
			return couldNotRun("--metrics: %w", err)
		}
	}
	return nil
}
