package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"holdfast/archive/s3store"
	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/explore"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// play runs one scenario. It returns a run also when something failed after it.
func (a *app) play(ctx context.Context, o runOptions, p *play) (*reports.Run, error) {
	id := newRunID()
	if p.world == virtual {
		return a.playOn(ctx, o, p, "model", nil, id)
	}
	target, err := openTarget(ctx, o.storeOptions, &p.run, id)
	if err != nil {
		return nil, err
	}
	p.settings = target.settings
	run, err := a.playOn(ctx, o, p, target.name, target.world, id)
	if closeErr := target.close(ctx); err == nil {
		err = closeErr
	}
	return run, err
}

// playOn plays in worlds that open makes, or in virtual ones.
func (a *app) playOn(ctx context.Context, o runOptions, p *play, store string, open func(int) world.World, id string) (*reports.Run, error) {
	dir, err := reports.NewDirectory(o.out, p.run.Scenario.Name, id, time.Now())
	if err != nil {
		return nil, couldNotRun("--out: %w", err)
	}
	var run reports.Run
	var playErr error
	if p.world == virtual && len(p.schedule) == 0 {
		run, playErr = a.simulate(ctx, o, p, dir)
		if playErr != nil && run.Scenario == "" {
			err = playErr
		}
	} else {
		// The history is on disk before it is judged.
		playErr = a.record(ctx, o, p, store, open, dir)
		run, err = reports.FromFile(filepath.Join(dir, reports.HistoryFile))
	}
	if playErr != nil {
		playErr = couldNotRun("play %s: %w", p.name, playErr)
	}
	switch {
	case err != nil && playErr != nil:
		return nil, playErr // it is why the history can't be read
	case err != nil:
		return nil, couldNotRun("judge %s: %w", p.name, err)
	}
	run.Shows, run.Directory = p.run.Scenario.Shows, dir
	if err := save(o.out, dir, p, &run); err != nil && playErr == nil {
		playErr = couldNotRun("save the result of %s: %w", p.name, err)
	}
	return &run, playErr
}

// header describes the run.
func (p *play) header(store string) history.Header {
	s := p.run.Scenario
	h := history.Header{
		Scenario: s.Name, Core: p.run.Core.Name, World: p.world, Store: store, Policy: p.run.Policy.String(),
		Codec: string(scenarios.JSON), Seed: p.run.Seed, Clients: s.Clients(), Repetitions: p.run.Repetitions,
		Layout: p.run.Layout.Recorded(), OwnWaits: p.run.Core.OwnWaits, Untimed: len(p.schedule) > 0,
		MinConflicts: s.Expect.MinConflicts, Started: time.Now().UTC().Format(time.RFC3339), Replay: p.replay,
	}
	for _, t := range s.Expect.Thresholds {
		h.Thresholds = append(h.Thresholds, t.String())
	}
	if s.Via == scenarios.ViaAPI {
		h.Via = string(s.Via)
		h.Receives, h.Visibility = s.Queue.MostReceives(), s.Queue.HiddenFor().Nanoseconds()
		h.Grace = s.Queue.GraceOf().Nanoseconds()
	}
	if p.world == virtual {
		h.Codec = string(p.run.Codec())
		h.Started = world.Epoch.Format(time.RFC3339) // the history is the same whenever it is made
	}
	if len(p.schedule) > 0 {
		h.MinConflicts = 0 // it shows what it shows
	} else {
		h.Faults = s.Planned()
	}
	return h
}

// record plays the scenario into the history file.
func (a *app) record(ctx context.Context, o runOptions, p *play, store string, open func(int) world.World, dir string) error {
	f, err := os.Create(filepath.Join(dir, reports.HistoryFile))
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := history.NewWriter(f, p.header(store))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	w.OnError = stop // a run whose history can't be kept is worth nothing
	progress := a.startProgress(o.output, p)
	progress.Sink = w
	if len(p.schedule) > 0 {
		_, err = explore.Replay(ctx, &p.run, p.schedule, progress)
	} else {
		_, err = p.run.Play(ctx, open, progress)
	}
	progress.stop()
	if closeErr := w.Close(); closeErr != nil {
		return fmt.Errorf("write the history: %w", closeErr)
	}
	return err
}

// simulate plays the scenario in virtual worlds.
func (a *app) simulate(ctx context.Context, o runOptions, p *play, dir string) (reports.Run, error) {
	f, err := os.Create(filepath.Join(dir, reports.HistoryFile))
	if err != nil {
		return reports.Run{}, err
	}
	defer f.Close()
	progress := a.startProgress(o.output, p)
	defer progress.stop()
	run, _, err := reports.Simulate(ctx, reports.Simulation{
		Run: p.run, Header: p.header("model"), Workers: runtime.GOMAXPROCS(0), History: f,
		Progress: progress.repetition,
	})
	return run, err
}

// save writes the run's files and lets "latest" point to them.
func save(out, dir string, p *play, run *reports.Run) error {
	result := reports.NewResult(reports.NewEnvironment(p.environment()), *run)
	scenario, err := p.run.Scenario.Encode()
	if err != nil {
		return err
	}
	return errors.Join(
		writeFile(filepath.Join(dir, reports.ResultFile), result.WriteJSON),
		writeFile(filepath.Join(dir, reports.ReportFile), func(w io.Writer) error {
			reports.Text{W: w}.Result(result)
			return nil
		}),
		os.WriteFile(filepath.Join(dir, reports.ScenarioFile), scenario, 0o644),
		reports.PointLatest(out, dir),
	)
}

// environment is what decides how requests are sent; nil: none were.
func (p *play) environment() *s3store.Settings {
	if p.world == virtual {
		return nil
	}
	return &p.settings
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// newRunID is short, unique among runs of one second, and safe in a key.
func newRunID() string {
	var b [5]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
