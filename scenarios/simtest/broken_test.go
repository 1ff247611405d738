package simtest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
)

const brokenCore = "HOLDFAST_SIMTEST_CORE"

var errMine = errors.New("mine can't do that")

type noSave struct{ archive.Core }

func (noSave) Save(context.Context, string, archive.Snapshot, archive.Edit) (archive.Snapshot, error) {
	return archive.Snapshot{}, errMine
}

type noAppend struct{ archive.Core }

func (noAppend) Append(context.Context, string, archive.Edit) (archive.Snapshot, error) {
	return archive.Snapshot{}, errMine
}

type noCreate struct{ archive.Core }

func (noCreate) Create(context.Context, string, archive.Document, ...archive.Modification) (archive.Snapshot, error) {
	return archive.Snapshot{}, errMine
}

// waits for what nobody in a virtual world brings about.
type waits struct{ archive.Core }

func (waits) Save(ctx context.Context, _ string, _ archive.Snapshot, _ archive.Edit) (archive.Snapshot, error) {
	waitForEver(ctx)
	return archive.Snapshot{}, ctx.Err()
}

func waitForEver(ctx context.Context) { <-ctx.Done() }

type store struct {
	archive.Store
	put func(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (string, error)
}

func (s store) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	return s.put(ctx, s.Store, key, body, cond)
}

func refusedPut(context.Context, archive.Store, string, []byte, archive.Condition) (string, error) {
	return "", errMine
}

func brokenPut(context.Context, archive.Store, string, []byte, archive.Condition) (string, error) {
	panic("mine is broken")
}

func asidePut(ctx context.Context, s archive.Store, key string, body []byte, cond archive.Condition) (etag string, err error) {
	var wg sync.WaitGroup
	wg.Go(func() { etag, err = s.Put(ctx, key, body, cond) })
	wg.Wait()
	return etag, err
}

// TestBrokenCore is no test of its own: it is the program that the others start.
func TestBrokenCore(t *testing.T) {
	which := os.Getenv(brokenCore)
	if which == "" {
		t.Skip("only with " + brokenCore)
	}
	quick := Config{Schedules: 300, Seeds: 5, Duration: 300 * time.Millisecond}
	if which == "waits" {
		quick.Patience = time.Second
	}
	quick.Core(t, func(e Environment) (archive.Core, error) {
		switch which {
		case "refused put":
			e.Store = store{e.Store, refusedPut}
		case "panic":
			e.Store = store{e.Store, brokenPut}
		case "goroutine":
			e.Store = store{e.Store, asidePut}
		}
		core, err := archive.New(e.Options())
		switch which {
		case "none":
			return nil, nil
		case "no save":
			return noSave{core}, err
		case "no append":
			return noAppend{core}, err
		case "no create":
			return noCreate{core}, err
		case "waits":
			return waits{core}, err
		}
		return core, err
	})
}

// TestBrokenCoresAreToldWhatIsWrong: each fails, and its author learns why and where.
func TestBrokenCoresAreToldWhatIsWrong(t *testing.T) {
	for which, c := range map[string]struct{ says, not []string }{
		"no save":     {says: []string{"no save was acknowledged in any schedule", "no update was acknowledged"}},
		"no append":   {says: []string{"no append was acknowledged in any schedule"}},
		"no create":   {says: []string{"no create was acknowledged in any schedule"}},
		"refused put": {says: []string{"no save and no append and no create was acknowledged in any schedule"}},
		"none":        {says: []string{"the function that makes the core returned none"}, not: []string{"nil pointer"}},
		"panic":       {says: []string{"panic: mine is broken", "the task's stack", "simtest.brokenPut(", "broken_test.go:"}},
		"waits": {says: []string{`"TestBrokenCore/schedules_of_two-users" has made no progress for 1s`,
			"a core may wait for nothing but its store and the clock", "simtest.waitForEver("}},
		"goroutine": {says: []string{"a core must not use its store from goroutines of its own"}, not: []string{"(scenarios.crashed) 0x"}},
	} {
		t.Run(which, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBrokenCore$", "-test.timeout=60s")
			child.Env = append(os.Environ(), brokenCore+"="+which)
			out, err := child.CombinedOutput()
			if err == nil {
				t.Errorf("it passes:\n%s", out)
			}
			for _, want := range c.says {
				if !strings.Contains(string(out), want) {
					t.Errorf("it does not say %q:\n%.3000s", want, out)
				}
			}
			for _, unwanted := range c.not {
				if strings.Contains(string(out), unwanted) {
					t.Errorf("it says %q:\n%.3000s", unwanted, out)
				}
			}
		})
	}
}

// TestPartsThatAreLeftOutProveNothingMissing: go test -run plays some of them.
func TestPartsThatAreLeftOutProveNothingMissing(t *testing.T) {
	some := acknowledged{scenarios: len(explored) - 1}
	if err := some.validate(); err != nil {
		t.Error(err)
	}
}

// TestWatchdog: it is silent while there is progress, and as soon as there is none it barks,
// once.
func TestWatchdog(t *testing.T) {
	barks := make(chan string, 10)
	dog := &watchdog{name: "a part", patience: 500 * time.Millisecond, bark: func(why string) { barks <- why }}
	stop := dog.watch()
	for range 100 {
		dog.progress()
		time.Sleep(10 * time.Millisecond)
	}
	if len(barks) > 0 {
		t.Errorf("in spite of progress it says %s", <-barks)
	}
	if why := <-barks; !strings.Contains(why, `"a part" has made no progress for 500ms`) {
		t.Errorf("it says %s", why)
	}
	time.Sleep(dog.patience)
	stop()
	if len(barks) > 0 {
		t.Error("it barks again")
	}
}
