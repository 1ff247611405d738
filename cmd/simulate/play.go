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
	"time"

	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/history"
)

// play runs one scenario: its history is on disk before it is judged. It
// returns a run also when something failed after it.
func (a *app) play(ctx context.Context, o runOptions, p *play) (*reports.Run, error) {
	id := newRunID()
	target, err := openTarget(ctx, o.storeOptions, id)
	if err != nil {
		return nil, err
	}
	p.settings, p.run.Store = target.settings, target.repetition
	run, err := a.playOn(ctx, o, p, target, id)
	if closeErr := target.close(ctx); err == nil {
		err = closeErr
	}
	return run, err
}

func (a *app) playOn(ctx context.Context, o runOptions, p *play, target *target, id string) (*reports.Run, error) {
	dir, err := reports.NewDirectory(o.out, p.run.Scenario.Name, id, time.Now())
	if err != nil {
		return nil, couldNotRun("--out: %w", err)
	}
	played, playErr := a.record(ctx, o, p, target.name, dir)
	run, err := reports.FromFile(filepath.Join(dir, reports.HistoryFile))
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
	run.Judge(p.run.Scenario.Expect.Thresholds)
	for _, s := range played.Steps {
		run.Steps = append(run.Steps, reports.StepResult{Step: s.Step, Want: s.Want, Got: s.Got, Passed: s.AsAsked})
	}
	if err := save(o.out, dir, p, target, &run); err != nil && playErr == nil {
		playErr = couldNotRun("save the result of %s: %w", p.name, err)
	}
	return &run, playErr
}

// record plays the scenario into the history file.
func (a *app) record(ctx context.Context, o runOptions, p *play, store, dir string) (scenarios.Played, error) {
	f, err := os.Create(filepath.Join(dir, reports.HistoryFile))
	if err != nil {
		return scenarios.Played{}, err
	}
	defer f.Close()
	s := p.run.Scenario
	w, err := history.NewWriter(f, history.Header{
		Scenario: s.Name, Core: p.run.Core.Name, World: o.world, Store: store, Policy: p.run.Policy.String(),
		Codec: "json", Seed: p.run.Seed, Clients: s.Clients(), Repetitions: p.run.Repetitions,
		MinConflicts: s.Expect.MinConflicts, Started: time.Now().UTC().Format(time.RFC3339), Replay: p.replay,
	})
	if err != nil {
		return scenarios.Played{}, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	w.OnError = stop // a run whose history can't be kept is worth nothing
	progress := a.startProgress(o.output, &p.run, w)
	p.run.Sink = progress
	played, err := p.run.Play(ctx)
	progress.stop()
	if closeErr := w.Close(); closeErr != nil {
		return played, fmt.Errorf("write the history: %w", closeErr)
	}
	return played, err
}

// save writes the run's files and lets "latest" point to them.
func save(out, dir string, p *play, target *target, run *reports.Run) error {
	result := reports.NewResult(reports.NewEnvironment(&target.settings), *run)
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
