package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/network"
)

// runFile is a run as JSON: all that decides what it does, to be played elsewhere.
type runFile struct {
	Scenario    string `json:"scenario"`         // YAML
	Layout      string `json:"layout,omitempty"` // YAML; empty: the archive's own
	Document    string `json:"document"`         // to the byte, for ETags depend on it
	Core        string `json:"core"`
	Policy      string `json:"policy"`
	Seed        uint64 `json:"seed"`
	Repetitions int    `json:"repetitions"`
	First       int    `json:"first,omitempty"`
	AnyOrder    bool   `json:"any_order,omitempty"`
	// Profile is the name of the file of the scenario's measured latency, which the scenario holds whole.
	Profile string `json:"profile,omitempty"`
	// Identity is a hash of [Run.Identity]: a scenario may name files, such as that of a
	// latency, which may hold something else where it is read.
	Identity string `json:"identity"`
}

// MarshalJSON implements json.Marshaler. The observer is left out: who watches a run does
// not change it.
func (r Run) MarshalJSON() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	w := runFile{
		Document: string(r.Document.Encode()), Core: r.Core.Name, Policy: r.Policy.String(), Seed: r.Seed, Repetitions: r.Repetitions, First: r.First, AnyOrder: r.AnyOrder,
	}
	if l := r.Scenario.Latency; l != nil && (*network.Latency)(l).Measured() != nil {
		w.Profile = l.Name
	}
	scenario, err := r.Scenario.Encode()
	if err != nil {
		return nil, err
	}
	w.Scenario = string(scenario)
	if r.Layout != nil {
		layout, err := yaml.Marshal(r.Layout)
		if err != nil {
			return nil, err
		}
		w.Layout = string(layout)
	}
	w.Identity, err = r.hash()
	if err != nil {
		return nil, err
	}
	return json.Marshal(w)
}

// UnmarshalJSON implements json.Unmarshaler. A run that would not do here what it does where
// it was written is an error.
func (r *Run) UnmarshalJSON(text []byte) error {
	var w runFile
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	run := Run{Seed: w.Seed, Repetitions: w.Repetitions, First: w.First, AnyOrder: w.AnyOrder}
	var err error
	if run.Scenario, err = Parse("scenario", []byte(w.Scenario)); err != nil {
		return err
	}
	if l := run.Scenario.Latency; l != nil && w.Profile != "" {
		l.Name = w.Profile
	}
	if w.Layout != "" {
		if run.Layout, err = parseLayout("layout", []byte(w.Layout)); err != nil {
			return err
		}
	}
	if run.Document, err = run.Layout.Archive().Parse([]byte(w.Document)); err != nil {
		return fmt.Errorf("the document of %s: %w", run.Scenario.Name, err)
	}
	if run.Core, err = cores.Find(w.Core); err != nil {
		return err
	}
	if run.Policy, err = archive.ParsePolicy(w.Policy); err != nil {
		return err
	}
	identity, err := run.hash()
	switch {
	case err != nil:
		return err
	case identity != w.Identity:
		return errors.New("the run of " + run.Scenario.Name + " is not the one that was written: this program or a file that it names differs")
	}
	*r = run
	return r.Validate()
}

// hash is that of the run's identity.
func (r *Run) hash() (string, error) {
	text, err := r.Identity()
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}
