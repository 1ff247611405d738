package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Fate is what became of a mutant.
type Fate struct {
	// Unbuildable: the compiler refused what the type checker let pass. It counts for
	// nothing, and another is drawn.
	Unbuildable string `json:"unbuildable,omitempty"`
	// SameProgram: the gate can't see it, because its program is the same. What the
	// mutant changes is then not part of the program, or nothing.
	SameProgram bool `json:"same_program,omitempty"`
	// SameObject: nobody can see it, because the compiler makes the same of it.
	SameObject bool     `json:"same_object,omitempty"`
	Part       string   `json:"part,omitempty"` // of the gate that caught it
	How        string   `json:"how,omitempty"`  // violated, exit N, panic, timeout
	Unsteady   []string `json:"unsteady,omitempty"`
	Tested     string   `json:"tested,omitempty"` // hash of the tests that were run over it
	Test       string   `json:"test,omitempty"`   // which caught it
	Seconds    float64  `json:"seconds"`
}

// record is one line of the file of results.
type record struct {
	Gate   string `json:"gate,omitempty"`  // hash of the tree that it holds for
	Tests  string `json:"tests,omitempty"` // the same, if the unmutated program passed them
	Part   *part  `json:"part,omitempty"`
	Mutant string `json:"mutant,omitempty"`
	Fate   *Fate  `json:"fate,omitempty"`
}

// kept are results of earlier runs and of this one.
type kept struct {
	mu     sync.Mutex
	file   *os.File
	parts  map[string]float64
	tests  map[string]bool
	mutant map[string]Fate
}

// openKept reads the results in a directory, which is made if need be. With fresh they
// are there but not used.
func openKept(dir string, fresh bool) (*kept, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("-out: %w", err)
	}
	name := filepath.Join(dir, "results.ndjson")
	k := &kept{parts: map[string]float64{}, tests: map[string]bool{}, mutant: map[string]Fate{}}
	if !fresh {
		if err := k.read(name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	var err error
	k.file, err = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	return k, err
}

func (k *kept) read(name string) error {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r record
		// A line that was cut off by the end of the program is one result less.
		if json.Unmarshal(lines.Bytes(), &r) == nil {
			k.note(r)
		}
	}
	return lines.Err()
}

func (k *kept) note(r record) {
	switch {
	case r.Fate != nil:
		k.mutant[r.Gate+" "+r.Mutant] = *r.Fate
	case r.Part != nil:
		k.parts[r.Gate+" "+r.Part.Name] = r.Part.Seconds
	case r.Tests != "":
		k.tests[r.Tests] = true
	}
}

// keep writes a result at once, in one piece, so that runs beside each other can share
// the file.
func (k *kept) keep(r record) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.note(r)
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	// The line break in front ends a line that was cut off.
	_, err = k.file.Write(append(append([]byte("\n"), line...), '\n'))
	return err
}

func (k *kept) keepPart(gate, name string, seconds float64) error {
	return k.keep(record{Gate: gate, Part: &part{name, seconds}})
}

func (k *kept) keepTests(tests string) error { return k.keep(record{Tests: tests}) }

func (k *kept) keepFate(gate, mutant string, f Fate) error {
	return k.keep(record{Gate: gate, Mutant: mutant, Fate: &f})
}

func (k *kept) seconds(gate, name string) (float64, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.parts[gate+" "+name]
	return s, ok
}

func (k *kept) testsPassed(tests string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tests[tests]
}

func (k *kept) fate(gate, mutant string) (Fate, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f, ok := k.mutant[gate+" "+mutant]
	return f, ok
}
