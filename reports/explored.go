package reports

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/scenarios/check"
	"holdfast/scenarios/explore"
	"holdfast/scenarios/measure"
)

// ExploreSchema names the document of an exploration.
const ExploreSchema = "simulate.explore/v1"

// Explored is the result of an exploration: what explore --json prints.
type Explored struct {
	Schema             string            `json:"schema"`
	Passed             bool              `json:"passed"`
	Scenario           string            `json:"scenario"`
	Core               string            `json:"core"`
	Layout             string            `json:"layout,omitempty"` // of the documents; empty: the archive's own
	Policy             string            `json:"policy"`
	Seed               uint64            `json:"seed"`
	Strategy           explore.Strategy  `json:"strategy"`
	Faults             int               `json:"faults"` // of one schedule, at most
	Schedules          int               `json:"schedules"`
	Complete           bool              `json:"complete"`
	Stopped            string            `json:"stopped,omitempty"` // why it is not complete
	SchedulesPerSecond float64           `json:"schedules_per_second"`
	Elapsed            float64           `json:"elapsed_ms"`
	Acknowledged       int               `json:"acknowledged"`
	Conflicts          int               `json:"conflicts"`
	Verdict            check.Verdict     `json:"verdict"`
	Violations         []check.Violation `json:"violations"` // of the schedule below
	Windows            []measure.Window  `json:"windows,omitempty"`
	Schedule           string            `json:"schedule,omitempty"`
	FoundAfter         int               `json:"found_after,omitempty"` // schedules
	// Inevitable says of each beginning of the schedule what may come after it, and
	// InevitableAfter after how many of its moves none was seen to escape; null: some do.
	Inevitable      []explore.Prefix `json:"inevitable,omitempty"`
	InevitableAfter *int             `json:"inevitable_after,omitempty"`
	Replay          string           `json:"replay"`
	Saved           string           `json:"saved,omitempty"` // the command that plays the scenario that was saved
	Directory       string           `json:"-"`               // where it is kept; empty: nowhere
}

// NewExplored makes the document of a search.
func NewExplored(c explore.Config, r explore.Result, replay string) Explored {
	e := Explored{
		Schema: ExploreSchema, Scenario: c.Run.Scenario.Name, Core: c.Run.Core.Name, Policy: c.Run.Policy.String(), Seed: c.Run.Seed,
		Strategy: r.Strategy, Faults: c.Faults, Schedules: r.Schedules, Complete: r.Complete, Stopped: r.Stopped,
		Elapsed: float64(r.Elapsed.Microseconds()) / 1e3, Acknowledged: r.Acknowledged, Conflicts: r.Conflicts,
		Layout: c.Run.Layout.String(), Verdict: check.OK, Violations: []check.Violation{}, Replay: replay,
	}
	if s := r.Elapsed.Seconds(); s > 0 {
		e.SchedulesPerSecond = float64(r.Schedules) / s
	}
	switch w := r.Witness; {
	case w != nil:
		e.Verdict, e.Schedule, e.FoundAfter = check.Violated, w.Schedule.String(), w.Found
		e.Inevitable = w.Prefixes
		if after, inevitable := explore.InevitableAfter(w.Prefixes); inevitable {
			e.InevitableAfter = &after
		}
		e.Violations = append(e.Violations, w.Report.Violations...)
		slices.SortStableFunc(e.Violations, func(a, b check.Violation) int { return byNumber(string(a.Invariant), string(b.Invariant)) })
		e.Windows = measure.Windows(c.Run.Layout.Recorded(), e.Violations, nil, w.Events)
	case e.doubt() != "":
		e.Verdict = check.Inconclusive
	}
	e.Passed = e.Verdict == check.OK
	return e
}

// doubt is why an exploration without violations proves nothing. Who asks for a
// number or a time of random schedules has been given what was asked for, unless it was
// interrupted; who asks for all has not.
func (e *Explored) doubt() string {
	switch {
	case strings.HasPrefix(e.Stopped, explore.Missing):
		return e.Stopped
	case e.Schedules == 0 && e.Stopped != "":
		return e.Stopped + " before a schedule was played to its end"
	case e.Schedules == 0:
		return "no schedule was played to its end"
	case e.Stopped == explore.Interrupted:
		return e.Stopped + " before what was asked for was seen"
	case e.Acknowledged == 0:
		return "no update was acknowledged, so none could be lost"
	case e.Conflicts == 0:
		return "no write met a conflict: the order of the calls does not matter here"
	case e.Strategy == explore.Exhaustive && !e.Complete:
		return e.Stopped + " before all schedules were seen: give it more with --budget and --schedules, or try --strategy pct"
	}
	return ""
}

// In says where it is kept.
func (e Explored) In(dir string) Document {
	e.Directory = dir
	return e
}

// sound implements [sound].
func (e Explored) sound() error { return known(e.Verdict) }

// Class implements [Document].
func (e Explored) Class() Class {
	switch e.Verdict {
	case check.Violated:
		return Violated
	case check.Inconclusive:
		return Inconclusive
	}
	return Passed
}

func (e *Explored) word() string {
	return verdictWord(e.Verdict, false, true) // an interrupted one is inconclusive
}

// Brief implements [Document].
func (e Explored) Brief(t Text) { t.brief(e.word(), e.Line()) }

// Line says in a line what was explored and found.
func (e *Explored) Line() string {
	explored := fmt.Sprintf("%s: explored %s", e.Scenario, Plural(e.Schedules, "schedule"))
	switch {
	case e.Verdict == check.Violated:
		var titles []string
		for _, v := range e.Violations {
			if title := string(v.Invariant) + " " + v.Invariant.Title(); !slices.Contains(titles, title) {
				titles = append(titles, title)
			}
		}
		return explored + " until one violated " + strings.Join(titles, ", ")
	case e.Complete:
		return explored + " (complete), 0 violations"
	}
	return fmt.Sprintf("%s (%s, not complete), 0 violations", explored, e.Strategy)
}

// Text implements [Document].
func (e Explored) Text(t Text) {
	head := []part{t.part(0, func(t Text) {
		t.head(e.word(), e.Line())
		if why := e.doubt(); e.Verdict == check.Inconclusive {
			t.bullet(why)
		}
	}), gap}
	foot := e.closing(t)
	if e.Verdict == check.Violated {
		t.untimed = true
		if t.Verbose {
			head = append(head, t.part(0, func(t Text) { t.everyStory(e.Violations) }))
		} else {
			head = append(head, t.foundInShort(e.Violations, nil, max(mostLines-height(head)-height(essential(foot))-1, leastStory))...)
		}
		head = append(head, gap)
	}
	t.tellIn(append(head, foot...), t.most())
}

// closing is what was explored, and how to see it again.
func (e *Explored) closing(t Text) []part {
	faults := "no faults"
	if e.Faults > 0 {
		faults = "up to " + Plural(e.Faults, "fault") + " in each schedule, at any place"
	}
	return []part{
		t.part(0, func(t Text) {
			if e.Verdict != check.Violated {
				t.wrapped("updates", fmt.Sprintf("%d acknowledged, %d conflicts in all schedules together", e.Acknowledged, e.Conflicts))
				return
			}
			lines := t.part(0, func(t Text) {
				t.wrapped("schedule", fmt.Sprintf("%s (%s; shortest found, first seen as number %d)",
					e.Schedule, Plural(len(strings.Fields(e.Schedule)), "store call"), e.FoundAfter))
			}).lines
			if !t.Verbose { // the command to replay it has it whole
				lines = cutTo(lines, 3)
			}
			t.write([]part{{lines: lines}})
		}),
		t.part(5, func(t Text) {
			if words := e.inevitability(); words != "" {
				t.wrapped("inevitable", words)
			}
		}),
		t.part(10, func(t Text) {
			t.wrapped("setting", fmt.Sprintf("%s core%s, %s strategy, %s", e.Core, layoutNamed(e.Layout), e.Strategy, faults))
		}),
		t.part(11, func(t Text) { t.row("policy", e.Policy) }),
		t.part(12, func(t Text) {
			if e.Elapsed == 0 { // it was played by many machines
				return
			}
			t.row("speed", fmt.Sprintf("%s schedules/s, %s s", formatNumber(e.SchedulesPerSecond), formatNumber(e.Elapsed/1e3)))
		}),
		t.part(0, func(t Text) {
			if e.Directory != "" {
				t.kept(e.Directory)
			}
			t.row("replay", e.Replay)
			if e.Saved != "" {
				t.row("or", e.Saved)
			}
		}),
	}
}
