// Command breaker is a proxy in front of an S3 server that breaks one promise on demand, for
// trying out whoever judges stores. Without -upstream it stands in front of an embedded,
// empty server with the bucket holdfast.
//
// It signs what it changes as the AWS_* variables say, if -upstream is given.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"holdfast/archive/s3store"
	"holdfast/archive/s3store/breaker"
	"holdfast/archive/s3store/fakes3"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "breaker:", err)
	}
	if err != nil {
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) (err error) {
	flags := flag.NewFlagSet("breaker", flag.ContinueOnError)
	fault := flags.String("fault", "", "`NAME` of the fault; none: nothing is broken")
	every := flags.Int("every", 0, "break the promise at every `N`th chance; 0: the fault's own")
	upstream := flags.String("upstream", "", "`URL` of the server; none: an embedded one")
	listen := flags.String("listen", "127.0.0.1:0", "`ADDRESS` to listen on")
	list := flags.Bool("list", false, "list the faults")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *list {
		for _, f := range breaker.Faults() {
			fmt.Fprintf(stdout, "%-26s it %s\n", f.Name, f.What)
		}
		return nil
	}
	if flags.NArg() > 0 || *every < 0 {
		return fmt.Errorf("want flags only, and -every 0 or more: %q", flags.Args())
	}
	c := breaker.Config{Upstream: *upstream, Fault: *fault, Every: *every,
		Transport: &http.Transport{MaxIdleConnsPerHost: s3store.IdleConnsPerHost}}
	if *upstream == "" {
		server, err := fakes3.Start()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, server.Close()) }()
		c.Upstream = server.Endpoint()
	} else if c.Sign, err = signer(ctx); err != nil {
		return err
	}
	proxy, err := breaker.New(c)
	if err != nil {
		return err
	}
	return serve(ctx, *listen, proxy, stdout)
}

// signer signs as the environment and the shared configuration say.
func signer(ctx context.Context) (func(*http.Request, string) error, error) {
	ambient, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	if ambient.Region == "" {
		return nil, errors.New("no region is configured to sign with: set AWS_REGION")
	}
	return breaker.Signer(ambient.Credentials, ambient.Region), nil
}

// serve prints the address, and serves until ctx ends.
func serve(ctx context.Context, address string, h http.Handler, stdout io.Writer) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(stdout, "http://%s\n", listener.Addr())
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		err := server.Close()
		if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		return err
	}
}
