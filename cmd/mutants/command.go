package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// mostOutput is how much of a command's output is kept: its end.
const mostOutput = 64 << 10

// command is a process whose program may be broken: it may hang, eat all memory, fill
// the disk or leave children behind.
type command struct {
	dir    string
	env    []string
	args   []string
	memory int           // MiB for each of its processes; 0 is any
	limit  time.Duration // 0 is none
	// watch, if set, sees each line of the output; true ends the command.
	watch func(line string) bool
	echo  io.Writer // gets the output as it comes; may be nil
}

// ended is how a command ended.
type ended struct {
	code     int
	output   string // the end of it, both streams
	took     time.Duration
	timedOut bool
	stopped  bool // by watch
}

// panicked says whether a Go program crashed.
func (e ended) panicked() bool {
	return e.code != 0 && strings.Contains(e.output, "\ngoroutine ") &&
		(strings.Contains(e.output, "panic: ") || strings.Contains(e.output, "fatal error: "))
}

// run runs the command in a process group of its own, which is gone when it returns.
// The error is set if it could not be run, or if the context ended.
func (c command) run(ctx context.Context) (ended, error) {
	args := c.args
	if c.memory > 0 {
		// Data, not address space: Go reserves far more of that than it uses.
		limits := fmt.Sprintf(`ulimit -c 0 -d %d -f %d; exec "$@"`, c.memory<<10, 4<<20)
		args = append([]string{"bash", "-c", limits, "mutants"}, args...)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if c.limit > 0 {
		defer time.AfterFunc(c.limit, func() { cancel(errLimit) }).Stop()
	}
	out := &tail{echo: c.echo, watch: c.watch, stop: func() { cancel(errStopped) }}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), c.env...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	group := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = group
	cmd.WaitDelay = 5 * time.Second

	start := time.Now()
	err := cmd.Run()
	e := ended{output: out.String(), took: time.Since(start)}
	if cmd.Process == nil {
		return e, err
	}
	_ = group() // what was left behind; mostly nothing
	e.code = cmd.ProcessState.ExitCode()
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errLimit):
		e.timedOut = true
	case errors.Is(cause, errStopped):
		e.stopped = true
	case cause != nil:
		return e, cause
	}
	return e, nil
}

var (
	errLimit   = errors.New("the time limit")
	errStopped = errors.New("stopped")
)

// tail keeps the end of what is written to it.
type tail struct {
	mu    sync.Mutex
	kept  []byte
	line  []byte
	echo  io.Writer
	watch func(string) bool
	stop  func()
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.echo != nil {
		_, _ = t.echo.Write(p)
	}
	t.kept = append(t.kept, p...)
	if len(t.kept) > 2*mostOutput {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-mostOutput:]...)
	}
	if t.watch != nil {
		t.lines(p)
	}
	return len(p), nil
}

func (t *tail) lines(p []byte) {
	for _, b := range p {
		if b != '\n' {
			if len(t.line) < mostOutput {
				t.line = append(t.line, b)
			}
			continue
		}
		if t.watch(string(t.line)) {
			t.stop()
		}
		t.line = t.line[:0]
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept[max(0, len(t.kept)-mostOutput):])
}
