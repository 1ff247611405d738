package main

import (
	"context"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/archive/telemetry"
)

// serveMetrics are the metrics of serve: on stdout in CloudWatch's embedded metric
// format, which a log agent or AWS Lambda reads there, and wherever the environment
// wants them exported.
type serveMetrics struct {
	exported *metrics
	emf      *telemetry.EMF // nil: none on stdout
	stop     chan struct{}
	flushing sync.WaitGroup
}

// flushEvery is short enough to watch and long enough for a line to hold something.
const flushEvery = 10 * time.Second

func (a *app) openServeMetrics(ctx context.Context, where string) (*serveMetrics, error) {
	m := &serveMetrics{stop: make(chan struct{})}
	var err error
	if m.exported, err = a.openMetrics(ctx, ""); err != nil {
		return nil, err
	}
	if where == "stdout" {
		if m.emf, err = telemetry.NewEMF(a.stdout, telemetry.EMFOptions{}); err != nil {
			return nil, couldNotRun("--metrics: %w", err)
		}
	}
	return m, nil
}

// sinks are where metrics go.
func (m *serveMetrics) sinks() (sinks []telemetry.Sink) {
	if m.emf != nil {
		sinks = append(sinks, m.emf)
	}
	if m.exported.instruments != nil {
		sinks = append(sinks, m.exported.instruments)
	}
	return sinks
}

// observer is what the metrics are made from.
func (m *serveMetrics) observer() archive.Observer {
	if sinks := m.sinks(); len(sinks) > 0 {
		return telemetry.Metrics(sinks...)
	}
	return archive.Observer{}
}

// delivered is what those of the deliveries are made from.
func (m *serveMetrics) delivered() delivery.Observer { return telemetry.Delivered(m.sinks()...) }

// reconciled is what those of the reconciler are made from.
func (m *serveMetrics) reconciled() func(context.Context, delivery.Reconciled) {
	return telemetry.Reconciled(m.sinks()...)
}

// start writes what there is from time to time.
func (m *serveMetrics) start() {
	if m.emf == nil {
		return
	}
	m.flushing.Go(func() {
		ticker := time.NewTicker(flushEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				_ = m.emf.Flush() // the reader of stdout may be gone; the service goes on
			case <-m.stop:
				return
			}
		}
	})
}

// end writes the rest.
func (m *serveMetrics) end(ctx context.Context) error {
	close(m.stop)
	m.flushing.Wait()
	if m.emf != nil {
		_ = m.emf.Flush()
	}
	return m.exported.close(ctx)
}
