package campaign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/scenarios/measure"
)

// workerOf names the directory of a campaign of which the test's own program plays a shard.
const workerOf = "HOLDFAST_TEST_WORKER_OF"

func TestMain(m *testing.M) {
	if dir := os.Getenv(workerOf); dir != "" {
		if err := workIn(dir, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const processUnits = 60

// workIn plays a shard, and publishes every other unit or so.
func workIn(dir, index string) error {
	p, err := Open(context.Background(), measure.Target{Store: dir})
	if err != nil {
		return err
	}
	c, err := Load(context.Background(), p)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(index)
	if err != nil {
		return err
	}
	s, err := c.Shard(n, 0)
	if err != nil {
		return err
	}
	defer s.Begin(context.Background())()
	s.Every, s.Workers = 2*time.Millisecond, 2
	return s.Play(context.Background(), Whole, processUnits, func(_ context.Context, n int) ([]byte, error) {
		time.Sleep(time.Millisecond)
		return bytes.Repeat([]byte{byte(n)}, 3000), nil
	})
}

func worker(t *testing.T, dir string, index int, wrapped ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := slices.Concat(wrapped, []string{self, strconv.Itoa(index)})
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), workerOf+"="+dir)
	return cmd
}

// TestKilledProcesses: processes that share a directory, two of each index, are killed again and
// again: what is there is always whole, and in the end each unit once.
func TestKilledProcesses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "campaign")
	c, _, err := Write(t.Context(), openAt(t, measure.Target{Store: dir}), Plan{Program: program, Kind: "run", Shards: 2, Units: processUnits, Job: []byte(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 8 {
		var all sync.WaitGroup
		for i := range 4 {
			after := time.Duration(5+random.IntN(30)) * time.Millisecond
			all.Go(func() {
				w := worker(t, dir, i%2)
				if err := w.Start(); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(after)
				_ = w.Process.Kill() // it may have ended
				_ = w.Wait()         // of which it tells
			})
		}
		all.Wait()
		if _, gaps := collectedBytes(t, c); slices.ContainsFunc(gaps, func(g Gap) bool { return g.Garbled != nil }) {
			t.Fatal(gaps)
		}
	}
	for i := range 2 {
		if said, err := worker(t, dir, i).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, said)
		}
	}
	if units, gaps := collectedBytes(t, c); !slices.Equal(units, upTo(processUnits)) || len(gaps) > 0 {
		t.Error(units, gaps)
	}
}

func collectedBytes(t *testing.T, c *Campaign) (units []int, gaps []Gap) {
	t.Helper()
	gaps, err := c.Collect(t.Context(), Whole, processUnits, func(n int, result []byte) error {
		units = append(units, n)
		if !bytes.Equal(result, bytes.Repeat([]byte{byte(n)}, 3000)) {
			return errors.New("another result")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return units, gaps
}

// TestFullDisk: a file that can't be written to its end has no name, and the worker says what is
// lost.
func TestFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "campaign")
	c, _, err := Write(t.Context(), openAt(t, measure.Target{Store: dir}), Plan{Program: program, Kind: "run", Shards: 1, Units: processUnits, Job: []byte(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	said, err := worker(t, dir, 0, "sh", "-c", `ulimit -f 0; exec "$0" "$@"`).CombinedOutput()
	if want := " of shard 0: played and not published, so to be played again (all that was published before is there): create " + dir + "/shards/00000/0000000: file too large\n"; err == nil || !strings.HasSuffix(string(said), want) {
		t.Errorf("%v: %s", err, said)
	}
	if units, gaps := collectedBytes(t, c); len(units) > 0 || gaps[0].Garbled != nil {
		t.Error(units, gaps)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "shards", "00000", "*")); err != nil || len(files) > 0 {
		t.Error(files, err)
	}
}
