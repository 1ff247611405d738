package reports

import (
	"errors"
	"reflect"
	"slices"
)

// Origin is where runs come from that are told together with others.
type Origin struct {
	FromRun     int         `json:"from_run"` // the first of them, from 0
	Environment Environment `json:"environment"`
}

// Pool makes one document of several: of results, one with all of their runs in this order.
// One document is itself.
func Pool(all []Document) (Document, error) {
	if len(all) == 1 {
		return all[0], nil
	}
	var pooled Result
	for i, d := range all {
		r, ok := d.(Result)
		if !ok {
			return nil, errors.New("only runs of scenarios are told together, and " + kindOf(d) + " is none")
		}
		if i == 0 {
			pooled = Result{Schema: Schema, Passed: true, Environment: r.Environment}
		}
		pooled.origins(r)
		pooled.Runs = append(pooled.Runs, r.Runs...)
		pooled.NotReached = append(pooled.NotReached, r.NotReached...)
		pooled.TookMS += r.TookMS
		pooled.Passed = pooled.Passed && r.Passed
	}
	return pooled, nil
}

// origins notes where more runs come from, if it is not where those before do.
func (r *Result) origins(more Result) {
	last := r.Environment
	if n := len(r.OtherEnvironments); n > 0 {
		last = r.OtherEnvironments[n-1].Environment
	}
	add := append([]Origin{{Environment: more.Environment}}, more.OtherEnvironments...)
	for _, o := range add {
		if !last.alike(o.Environment) {
			r.OtherEnvironments = append(r.OtherEnvironments, Origin{len(r.Runs) + o.FromRun, o.Environment})
			last = o.Environment
		}
	}
}

// alike reports whether two environments are of the same program on the same kind of machine.
func (e Environment) alike(o Environment) bool {
	e.Store, e.Load, o.Store, o.Load = nil, nil, nil, nil
	return reflect.DeepEqual(e, o)
}

// versions are those of the programs that made a result, each once.
func (r *Result) versions() []string {
	all := []string{r.Environment.Version}
	for _, o := range r.OtherEnvironments {
		if !slices.Contains(all, o.Environment.Version) {
			all = append(all, o.Environment.Version)
		}
	}
	return all
}
