package reports

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"

	"holdfast/scenarios/sandbox"
	"holdfast/scenarios/units"
)

// CleanSchema names the document of what runs have left in a bucket.
const CleanSchema = "simulate.clean/v1"

// Cleaned is what runs that did not clean up have left, and what became of it.
type Cleaned struct {
	Schema string `json:"schema"`
	Passed bool   `json:"passed"` // all that was to be removed was
	Store  string `json:"store"`
	// Asked: it was to be removed, not only shown.
	Asked bool   `json:"asked"`
	Runs  []Left `json:"runs"`
}

// Left is what one run has left.
type Left struct {
	ID    string `json:"id"`
	Place string `json:"place"` // the exact prefix
	// What its manifest says, which anybody could have written, without what can't be printed.
	Program string    `json:"program,omitempty"`
	Command string    `json:"command,omitempty"`
	Started time.Time `json:"started,omitzero"`
	AgeMS   float64   `json:"age_ms"`  // since it was last seen alive
	Running bool      `json:"running"` // it seems to go on
	// Objects of the run, or versions and delete markers of them.
	Objects int   `json:"objects"`
	Bytes   int64 `json:"bytes"`
	Foreign int   `json:"foreign"` // objects beside them that are not the run's, and stay
	// Unowned is why nothing tells what is the run's; empty: its manifest does.
	Unowned string `json:"unowned,omitempty"`
	Removed int    `json:"removed"`
	Error   string `json:"error,omitempty"` // why not all could be removed, or it could not be looked at
}

// NewLeft describes what a run has left.
func NewLeft(l *sandbox.Leaving) Left {
	left := Left{
		ID: l.ID, Place: l.Place, AgeMS: float64(l.Age) / float64(time.Millisecond), Running: l.Running(),
		Objects: l.Objects, Bytes: l.Bytes, Foreign: l.Foreign, Unowned: printable(l.Why),
	}
	if l.Err != nil {
		left.Unowned, left.Error = "it could not be looked at", printable(l.Err.Error())
	}
	if m := l.Manifest; m != nil {
		left.Program, left.Command, left.Started = printable(m.Program), printable(m.Command), m.Started
	}
	return left
}

// Fail says why not all could be removed.
func (r *Left) Fail(err error) { r.Error = printable(err.Error()) }

// printable is a text of others in one line, and with nothing that a terminal obeys.
func printable(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return unicode.ReplacementChar
	}, text)
}

// Class implements [Document].
func (c Cleaned) Class() Class {
	if !c.Passed {
		return Broken
	}
	return Passed
}

// Brief implements [Document].
func (c Cleaned) Brief(t Text) { fmt.Fprintln(t.W, c.head()) }

func (c Cleaned) head() string {
	removed, left, runs := 0, 0, 0
	for i := range c.Runs {
		if r := &c.Runs[i]; r.Unowned == "" {
			runs++
			removed += r.Removed
			left += max(r.Objects-r.Removed, 0)
		}
	}
	switch {
	case len(c.Runs) == 0:
		return fmt.Sprintf("%s: no run has left anything", c.Store)
	case !c.Asked:
		return fmt.Sprintf("%s: %s left %s; --yes removes them", c.Store, have(runs), Plural(left, "object"))
	case left > 0:
		return fmt.Sprintf("%s: %s removed, %d left", c.Store, Plural(removed, "object"), left)
	}
	return fmt.Sprintf("%s: %s removed", c.Store, Plural(removed, "object"))
}

func have(runs int) string {
	if runs == 1 {
		return "1 run has"
	}
	return fmt.Sprintf("%d runs have", runs)
}

// Text implements [Document].
func (c Cleaned) Text(t Text) {
	c.Brief(t)
	if len(c.Runs) == 0 {
		return
	}
	fmt.Fprintln(t.W)
	rows := NewTable(table.Row{"run", "objects", "bytes", "removed", "last seen", "its manifest"}, 2, 3, 4)
	for i := range c.Runs {
		r := &c.Runs[i]
		if r.Unowned != "" {
			rows.AppendRow(table.Row{r.ID, "?", "?", 0, "?", r.Unowned})
			continue
		}
		seen := units.Seconds(r.AgeMS) + " ago"
		if r.Running {
			seen += ", may be running"
		}
		rows.AppendRow(table.Row{r.ID, r.Objects, units.Thousands(int(r.Bytes)), r.Removed, seen, r.Program})
	}
	t.Table(rows)
	for i := range c.Runs {
		c.Runs[i].text(t, c.Asked)
	}
}

// text says where a run was, what it was, and what is in the way.
func (r *Left) text(t Text, asked bool) {
	fmt.Fprintf(t.W, "\n%s\n", r.Place)
	say := func(text string) {
		for _, line := range Wrap(text, Width-2) {
			fmt.Fprintf(t.W, "  %s\n", line)
		}
	}
	if r.Command != "" { // in one line, to be copied
		fmt.Fprintf(t.W, "  in the words of its manifest: %s\n", r.Command)
	}
	switch {
	case r.Unowned != "" && r.Error != "": // why is said below
	case r.Unowned != "":
		say(fmt.Sprintf("%s: nothing tells what of the %s here a run has left, so all stays", r.Unowned, Plural(r.Foreign, "object")))
	case r.Foreign > 0:
		say(fmt.Sprintf("beside the run's: %s that its manifest does not name, and that stay", Plural(r.Foreign, "object")))
	}
	switch {
	case r.Error != "":
		say(strings.TrimSpace(r.Error))
	case r.Running && asked && r.Removed == 0:
		say(fmt.Sprintf("its manifest was written %s ago, so it may be running: left; --force removes it too, or wait a minute", units.Seconds(r.AgeMS)))
	}
}
