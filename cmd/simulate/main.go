// Command simulate shows whether the code that updates the archive can lose a
// modification, how often writers have to retry, and, when a broken core is put
// in its place, the story of who overwrote whom.
package main

import (
	"context"
	"io"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"holdfast/archive/web"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the run in good order; a second one ends the program.
	context.AfterFunc(ctx, stop)
	// Who reads no further (simulate run | head) ends no run: what it has shown is kept, and the
	// exit code says it.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	// The HTTP clients of the stores log there, and repeat what they were sent.
	log.SetOutput(web.ErrorLog(slog.New(slog.NewTextHandler(os.Stderr, nil))).Writer())
	log.SetFlags(0)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: it never exits by itself, so that tests can call it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr}
	root := a.root()
	root.SetArgs(args)
	return a.exitCode(root.ExecuteContext(ctx))
}
