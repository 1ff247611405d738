package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
	"holdfast/archive/telemetry"
	"holdfast/archive/web"
	"holdfast/scenarios"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	storeOptions
	listen      string
	allowRemote bool
	samples     bool
	others      bool
	policy      string
	layout      string
	metrics     string
}

func (a *app) serveCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the edit page and the API, to watch conflicts in a browser",
		Long: `serve runs the whole system in one process: the edit page, the API, the store
(embedded, or a bucket), a queue in memory, back ends that process each upload for its
customers, and a reconciler that tells those who were forgotten. It runs until it is
interrupted, which is its good end: exit 0.

It is a demonstration: whoever connects chooses the name in the history, by the
page's name field or the header X-User, and nobody checks it. The queue is lost with
the process; what was in it the reconciler of the next one on the same bucket tells
again, five minutes after it was saved.

The API answers GET /api/changes/{id} and POST /upload by
` + statusTable(),
		Example: `  simulate serve
  simulate serve --simulate-others
  simulate serve --store s3://bucket/prefix --endpoint http://127.0.0.1:9000 --samples
  simulate serve --layout order`,
		Args: exactly(0, "flags only"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("samples") {
				o.samples = o.store == "fake"
			}
			return a.serve(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`HOST:PORT` to listen on; port 0 takes a free one")
	f.BoolVar(&o.allowRemote, "allow-remote", false, "listen also where other machines can connect, each as whom they like")
	f.StringVar(&o.store, "store", "fake", "`STORE` of the documents: fake (embedded S3) or s3://bucket/prefix")
	f.StringVar(&o.endpoint, "endpoint", "", "`URL` of an S3 server other than AWS")
	f.TextVar(&o.pathStyle, "path-style", s3store.PathStyleAuto, "`WHEN` the bucket goes into the path: auto, on or off")
	f.BoolVar(&o.samples, "samples", false, "store the sample documents that are missing (default true for the embedded S3)")
	f.BoolVar(&o.others, "simulate-others", false, "let made-up users and a meeting scheduler change the samples every few seconds")
	f.StringVar(&o.layout, "layout", "", "`FILE` that says what your documents are like, or order, the built-in example; the edit page is for changes and announcements")
	f.StringVar(&o.metrics, "metrics", "stdout", "`WHERE` metrics go in CloudWatch's embedded format: stdout or none (OTEL_METRICS_EXPORTER exports them besides)")
	f.StringVar(&o.policy, "policy", "default", "retry `POLICY`, such as full(base=100ms,cap=5s,retries=8), adaptive(cap=2s), default or documented")
	return cmd
}

// statusTable lists by what the API answers.
func statusTable() string {
	var b strings.Builder
	for _, s := range web.Statuses() {
		if s.Unseen {
			continue
		}
		stored := ""
		switch {
		case s.Unknown:
			stored = " (it may be stored)"
		case !s.Stored:
			stored = " (nothing is stored)"
		}
		fmt.Fprintf(&b, "  %d  %s%s\n", s.Code, s.Means, stored)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// validate finds mistakes before anything is opened.
func (o serveOptions) validate() (archive.Policy, error) {
	policy, err := archive.ParsePolicy(o.policy)
	if err != nil {
		return policy, usage("--policy: %w", err)
	}
	host, _, err := net.SplitHostPort(o.listen)
	switch {
	case err != nil:
		return policy, usage("--listen wants HOST:PORT, such as 127.0.0.1:8080: %w", err)
	case !o.allowRemote && !isLoopback(host):
		return policy, usage("--listen %s: other machines could connect and write under any name; give 127.0.0.1:PORT, or --allow-remote if that is meant", o.listen)
	case o.endpoint != "" && o.store == "fake":
		return policy, usage("--endpoint needs --store s3://bucket/prefix")
	case o.metrics != "stdout" && o.metrics != "none":
		return policy, usage("--metrics is stdout or none, not %q", o.metrics)
	case o.others && !o.samples:
		return policy, usage("--simulate-others changes the samples: give --samples too")
	}
	return policy, nil
}

// isLoopback reports whether only this machine reaches a host.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// serve runs the system until ctx ends, which is how it is meant to end.
func (a *app) serve(ctx context.Context, o serveOptions) error {
	policy, err := o.validate()
	if err != nil {
		return err
	}
	layout, err := scenarios.OpenLayout(o.layout)
	if err != nil {
		return usage("--layout: %w", err)
	}
	store, closeStore, err := a.openServed(ctx, o.storeOptions)
	if err != nil {
		return err
	}
	defer closeStore()
	objects := ""
	if o.store == "fake" {
		objects = store.Settings().Endpoint + "/" + store.Bucket() + "/" + store.Prefix()
	}
	logger := slog.New(slog.NewTextHandler(a.stderr, nil))
	seen, err := a.openServeMetrics(ctx, o.metrics)
	if err != nil {
		return err
	}
	s, err := newService(store, layout, policy, hooks{
		core: archive.Observers(telemetry.Logs(logger), seen.observer()), delivery: seen.delivered(), reconciled: seen.reconciled(),
	}, logger)
	if err != nil {
		return couldNotRun("%w", err)
	}
	if !o.allowRemote {
		s.server.Handler = askedByLoopbackName(s.server.Handler)
	}
	if o.samples {
		if s.samples, err = storeSamples(ctx, store, o.layout); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return couldNotRun("listen on %s: %w: is something else using the port? --listen 127.0.0.1:0 takes a free one", o.listen, err)
	}
	a.announce("http://"+listener.Addr().String(), s, o.store, objects)
	seen.start()
	err = s.run(ctx, listener, o.others)
	return errors.Join(err, seen.end(ctx))
}

// announce prints where to look. The embedded S3 can be looked into, and asks nobody who
// they are.
func (a *app) announce(address string, s *service, store, objects string) {
	path := "/changes/"
	if s.layout != nil { // its documents have no edit page
		path = "/api/changes/"
	}
	fmt.Fprintf(a.stdout, "serving %s (store: %s; Ctrl-C ends it)\n", address, store)
	for _, id := range s.samples {
		fmt.Fprintf(a.stdout, "  %s%s%s\n", address, path, id)
	}
	if objects != "" {
		fmt.Fprintf(a.stdout, "objects are at %s, for any S3 client on this machine, or curl\n", objects)
	}
}

// servedPrefix is where the embedded S3 has the objects: below a prefix, as in a bucket
// that is shared.
const servedPrefix = "serve"

// openServed opens the store, if it can be trusted, and returns how to close it.
func (a *app) openServed(ctx context.Context, o storeOptions) (*s3store.Store, func(), error) {
	if o.store == "fake" {
		server, err := fakes3.Start()
		if err != nil {
			return nil, nil, couldNotRun("%w", err)
		}
		return server.Store().WithPrefix(servedPrefix), func() { server.Close() }, nil
	}
	bucket, prefix, err := s3store.ParseURL(o.store)
	if err != nil {
		return nil, nil, usage("--store: %w", err)
	}
	config := s3store.Config{Bucket: bucket, Prefix: prefix, Endpoint: o.endpoint, PathStyle: o.pathStyle}
	if err := config.Validate(); err != nil {
		return nil, nil, usage("%w", err)
	}
	store, err := s3store.Open(ctx, config)
	if err != nil {
		return nil, nil, couldNotRun("open %s: %w", o.store, err)
	}
	if err := store.Check(ctx); err != nil {
		return nil, nil, couldNotRun("%w", err)
	}
	if err := a.trust(ctx, o, nil); err != nil {
		return nil, nil, err
	}
	return store, func() {}, nil
}

// service is the system in one process.
type service struct {
	layout  *scenarios.Layout // nil: the archive's own
	samples []string          // ids of documents
	core    *archive.Archive
	queue   *delivery.MemoryQueue
	backend *delivery.Backend
	// reconciler tells those who were forgotten; nil if the layout does not allow for it.
	reconciler *delivery.Reconciler
	server     *http.Server
	logger     *slog.Logger
}

// hooks are what is told of the parts of a service: those of the core log too, the
// parts around it by themselves.
type hooks struct {
	core       archive.Observer
	delivery   delivery.Observer
	reconciled func(context.Context, delivery.Reconciled)
}

func newService(store *s3store.Store, layout *scenarios.Layout, policy archive.Policy, seen hooks, logger *slog.Logger) (*service, error) {
	s := &service{layout: layout, queue: delivery.NewMemoryQueue(delivery.QueueOptions{Observer: seen.delivery}), logger: logger}
	var err error
	if s.core, err = archive.New(archive.Options{Store: store, Policy: policy, Layout: layout.Archive(), Observer: seen.core}); err != nil {
		return nil, err
	}
	triggers := notifying{store, layout.Archive(), store.EventSource(), s.queue}
	uploads, err := delivery.NewUploader(delivery.UploaderOptions{Core: s.core, Store: triggers, Policy: policy, Observer: seen.delivery})
	if err != nil {
		return nil, err
	}
	s.backend, err = delivery.NewBackend(delivery.BackendOptions{
		Core: s.core, Store: store, Queue: s.queue, UserID: "backend-system", Observer: seen.delivery,
		Failed: func(ctx context.Context, m delivery.Message, err error) {
			if ctx.Err() == nil { // otherwise serve is ending
				logger.WarnContext(ctx, "message not processed, it will come again", "customer", m.Customer, "object", m.ObjectID, "error", err)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	log := telemetry.LogReconciled(logger)
	s.reconciler, err = delivery.NewReconciler(delivery.ReconcilerOptions{
		Core: s.core, Store: triggers, Lister: store, Policy: policy,
		Done: func(ctx context.Context, r delivery.Reconciled) {
			if ctx.Err() == nil { // otherwise serve is ending
				log(ctx, r)
				seen.reconciled(ctx, r)
			}
		},
	})
	if lacks, ok := errors.AsType[*archive.LayoutError](err); ok {
		logger.Warn("no reconciler: customers who are forgotten when a process dies are not told", "layout", lacks.Field, "reason", lacks.Reason)
	} else if err != nil {
		return nil, err
	}
	handler, err := web.New(web.Options{Core: s.core, Uploads: uploads, Identify: identify, Logger: logger})
	if err != nil {
		return nil, err
	}
	s.server = web.NewServer(handler)
	s.server.ErrorLog = web.ErrorLog(logger)
	return s, nil
}

const (
	workers = 4
	// How long requests that are under way may take when serve ends: as long as the
	// server gives them. A second interrupt ends it at once.
	shutdownTimeout = 30 * time.Second
)

// run serves until ctx ends, then lets requests finish and stops the workers.
func (s *service) run(ctx context.Context, listener net.Listener, others bool) error {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	for range workers {
		wg.Go(func() { _ = s.backend.Run(working) }) // ends with working, and says only that
	}
	if s.reconciler != nil {
		wg.Go(func() { _ = s.reconciler.Run(working) }) // likewise
	}
	if others {
		s.startOthers(working, &wg)
	}
	served := make(chan error, 1)
	go func() { served <- s.server.Serve(listener) }()
	select {
	case err := <-served:
		return couldNotRun("serve: %w", err)
	case <-ctx.Done():
	}
	s.logger.Info("ending: requests under way are finished first")
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := s.server.Shutdown(ending); err != nil {
		// Whoever waits for an answer learns that it did not come, and may ask again.
		s.logger.Warn("requests were cut off", "error", errors.Join(err, s.server.Close()))
	}
	return nil
}
