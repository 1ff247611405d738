package reports

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"holdfast/archive/storefault"
	"holdfast/scenarios/doctor"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/profile"
)

// DoctorSchema names the document of an examination of a store.
const DoctorSchema = "simulate.doctor/v1"

// Diagnosed is what was found out about a store: what doctor --json prints.
type Diagnosed struct {
	Schema string    `json:"schema"`
	Server string    `json:"server,omitempty"` // name and version, as whoever asked says
	Began  time.Time `json:"began"`
	doctor.Diagnosis
	Environment Environment `json:"environment"`
	Processes   int         `json:"processes"` // that raced; 1: this program alone
	Replay      string      `json:"replay"`    // the command that examines the same again
	// Profile is how fast the store is; null: nobody asked, or it is unsafe.
	Profile   *profile.Saved `json:"profile,omitempty"`
	Directory string         `json:"-"` // where it was saved; empty: nowhere
}

// NewDiagnosed makes the document of what the others of its fields say.
func NewDiagnosed(d Diagnosed) Diagnosed {
	d.Schema, d.Began = DoctorSchema, d.Began.UTC().Truncate(time.Second)
	d.Limits = notNil(d.Limits)
	d.Endpoints = notNil(d.Endpoints)
	d.Rows = notNil(d.Rows)
	d.Races = notNil(d.Races)
	return d
}

// In says where it is kept.
func (d Diagnosed) In(dir string) Document {
	d.Directory = dir
	return d
}

// notNil is a list that JSON writes as one, also if it is empty.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Class implements [Document].
func (d Diagnosed) Class() Class {
	switch {
	case d.Verdict == doctor.Unsafe:
		return StoreAtFault
	case d.Interrupted:
		return Cut
	case d.Verdict == doctor.Safe, d.Verdict == doctor.SafeWithLimits:
		return Passed
	}
	return Inconclusive
}

// word is the verdict as reports write it.
func (d *Diagnosed) word() string {
	switch {
	case d.Verdict == doctor.Unsafe:
		return "UNSAFE"
	case d.Interrupted:
		return "STOPPED"
	case d.Verdict == doctor.Safe:
		return "SAFE"
	case d.Verdict == doctor.SafeWithLimits:
		return "SAFE WITH LIMITS"
	}
	return "INCONCLUSIVE"
}

// Brief implements [Document].
func (d Diagnosed) Brief(t Text) { t.brief(d.word(), d.line()) }

// line says in a line what the verdict is about, and what follows from it.
func (d *Diagnosed) line() string {
	follows := "nothing that loses a change was seen, but not all was looked at"
	switch {
	case d.Verdict == doctor.Unsafe:
		follows = "a change that was acknowledged can be lost, doubled or overwritten"
	case d.Interrupted:
		follows = "interrupted; nothing that loses a change was seen up to there"
	case d.Quick && d.Class() == Passed:
		follows = "nothing that loses, doubles or overwrites a change was seen; reads and deletes were not raced"
	case d.Verdict == doctor.Safe:
		follows = "nothing that loses, doubles or overwrites a change was seen"
	case d.Verdict == doctor.SafeWithLimits:
		follows = "nothing that loses, doubles or overwrites a change was seen; what others must know is below"
	}
	line := d.named() + ": " + follows
	if d.Quick && d.Verdict != doctor.Unsafe { // what is unsafe is so by a quick look too
		return "(quick look at writes) " + line
	}
	return line
}

// named is the store, with what it is and the first of its endpoints, as far as they are known.
func (d *Diagnosed) named() string {
	name := d.Store
	if len(d.Endpoints) > 0 && d.Endpoints[0].URL != "" && d.Store != measure.Embedded {
		name += " at " + d.Endpoints[0].URL
	}
	if d.Server != "" {
		name = d.Server + ", " + name
	}
	return name
}

// findings are what the store did wrong, what is worse first.
func (d *Diagnosed) findings() []storefault.Fault {
	var kinds []storefault.Kind
	for _, r := range d.Rows {
		kinds = append(kinds, r.Kind)
	}
	for _, r := range d.Races {
		kinds = append(kinds, r.Kinds...)
	}
	found := slices.DeleteFunc(storefault.All(), func(f storefault.Fault) bool { return !slices.Contains(kinds, f.Kind) })
	for _, kind := range kinds { // those of a newer simulate
		if kind != "" && !slices.ContainsFunc(found, func(f storefault.Fault) bool { return f.Kind == kind }) {
			found = append(found, faultOf(kind))
		}
	}
	slices.SortStableFunc(found, func(a, b storefault.Fault) int { return cmp.Compare(b.Severity, a.Severity) })
	return found
}

// bodySize is a number of bytes as people say it.
func bodySize(n int) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	return formatNumber(float64(n)/1000) + " KB"
}
