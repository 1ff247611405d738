package doctor

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"holdfast/archive/storefault"
	"holdfast/archive/storerace"
)

// TestVerdict is the table of the rules.
func TestVerdict(t *testing.T) {
	race := func(about storefault.Subject, unfinished string, kinds ...storefault.Kind) Race {
		return Race{Name: "race", Subject: about, Kinds: kinds, Bad: len(kinds), Inconclusive: unfinished}
	}
	ok := Row{Name: "row", Subject: storefault.Writes, OK: true}
	other := Row{Name: "row", Subject: storefault.Writes, Here: "200"}
	nobody := Row{Name: "row", Here: "200"}
	unknown := Row{Name: "row", Subject: storefault.Reads, Inconclusive: true, Here: "no answer"}
	broken := Row{Name: "row", Subject: storefault.Writes, Kind: storefault.IgnoredCondition}
	for _, test := range []struct {
		name                   string
		rows                   []Row
		races                  []Race
		interrupted, quick     bool
		verdict                Verdict
		writes, reads, deletes Level
		limits, reasons        int
	}{
		{name: "nothing bad", rows: []Row{ok}, races: []Race{race(storefault.Writes, "")},
			verdict: Safe, writes: LevelSafe, reads: LevelSafe, deletes: LevelSafe},
		{name: "a row is broken", rows: []Row{broken},
			verdict: Unsafe, writes: LevelUnsafe, reads: LevelSafe, deletes: LevelSafe, limits: 1},
		{name: "a row is different", rows: []Row{other},
			verdict: SafeWithLimits, writes: LevelWarn, reads: LevelSafe, deletes: LevelSafe, limits: 1},
		{name: "a row is different, and about nothing", rows: []Row{nobody},
			verdict: SafeWithLimits, writes: LevelSafe, reads: LevelSafe, deletes: LevelSafe, limits: 1},
		{name: "a row is not known", rows: []Row{unknown},
			verdict: Inconclusive, writes: LevelSafe, reads: LevelInconclusive, deletes: LevelSafe, reasons: 1},
		{name: "deletes ignore conditions", races: []Race{race(storefault.Deletes, "", storefault.IgnoredDelete)},
			verdict: SafeWithLimits, writes: LevelSafe, reads: LevelSafe, deletes: LevelWarn, limits: 1},
		{name: "the next body under an older ETag", races: []Race{race(storefault.Reads, "", storefault.BodyUnderOlder)},
			verdict: SafeWithLimits, writes: LevelSafe, reads: LevelWarn, deletes: LevelSafe, limits: 1},
		{name: "a body under a newer ETag", races: []Race{race(storefault.Reads, "", storefault.BodyUnderNewer)},
			verdict: Unsafe, writes: LevelSafe, reads: LevelUnsafe, deletes: LevelSafe, limits: 1},
		{name: "a fault counts for what it is about", races: []Race{race(storefault.Deletes, "", storefault.TwoWinners, storefault.UndoneDelete)},
			verdict: Unsafe, writes: LevelUnsafe, reads: LevelSafe, deletes: LevelWarn, limits: 2},
		{name: "races are not finished", races: []Race{race(storefault.Writes, "then the budget ended")},
			verdict: Inconclusive, writes: LevelInconclusive, reads: LevelSafe, deletes: LevelSafe, reasons: 1},
		{name: "a warning, and races not finished", races: []Race{race(storefault.Writes, "", storefault.UnstableETag), race(storefault.Writes, "ended")},
			verdict: Inconclusive, writes: LevelInconclusive, reads: LevelSafe, deletes: LevelSafe, limits: 1, reasons: 1},
		{name: "unsafe, and races not finished", races: []Race{race(storefault.Writes, "", storefault.TwoWinners), race(storefault.Writes, "ended")},
			verdict: Unsafe, writes: LevelUnsafe, reads: LevelSafe, deletes: LevelSafe, limits: 1, reasons: 1},
		{name: "the worst of deletes is known", races: []Race{race(storefault.Deletes, "", storefault.TwoDeleters), race(storefault.Deletes, "ended")},
			verdict: SafeWithLimits, writes: LevelSafe, reads: LevelSafe, deletes: LevelWarn, limits: 1, reasons: 1},
		{name: "interrupted", rows: []Row{ok}, interrupted: true,
			verdict: Inconclusive, writes: LevelSafe, reads: LevelSafe, deletes: LevelSafe},
		{name: "interrupted after a proof", rows: []Row{broken}, interrupted: true,
			verdict: Unsafe, writes: LevelUnsafe, reads: LevelSafe, deletes: LevelSafe, limits: 1},
		{name: "spoilt by another fault", races: []Race{race(storefault.Writes, "", storefault.NoETag), race(storefault.Reads, "", storefault.NoETag)},
			verdict: Unsafe, writes: LevelUnsafe, reads: LevelInconclusive, deletes: LevelSafe, limits: 1},
		{name: "the quick form has no races but of writes", rows: []Row{ok, {Name: "row", Subject: storefault.Reads, OK: true}},
			races: []Race{race(storefault.Writes, "")}, quick: true,
			verdict: Safe, writes: LevelSafe, reads: LevelInconclusive, deletes: LevelInconclusive},
		{name: "the quick form has seen a fault of reads", rows: []Row{ok, {Name: "row", Subject: storefault.Reads, Kind: storefault.StrangeBody}}, quick: true,
			verdict: Unsafe, writes: LevelSafe, reads: LevelUnsafe, deletes: LevelInconclusive, limits: 1},
		{name: "the quick form has not finished", rows: []Row{ok, unknown}, quick: true,
			verdict: Inconclusive, writes: LevelSafe, reads: LevelInconclusive, deletes: LevelInconclusive, reasons: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := Diagnosis{Rows: test.rows, Races: test.races, Interrupted: test.interrupted, Quick: test.quick}
			d.judge()
			if d.Verdict != test.verdict || d.Writes != test.writes || d.Reads != test.reads || d.Deletes != test.deletes {
				t.Errorf("%s: writes %s, reads %s, deletes %s", d.Verdict, d.Writes, d.Reads, d.Deletes)
			}
			if len(d.Limits) != test.limits || len(d.Reasons) != test.reasons {
				t.Errorf("limits %q, reasons %q", d.Limits, d.Reasons)
			}
		})
	}
}

// TestUpper95 compares with the closed form for none, and with tables of Clopper and
// Pearson's one-sided bound.
func TestUpper95(t *testing.T) {
	for _, test := range []struct {
		bad, races int
		want       float64
	}{
		{0, 600, 1 - math.Pow(0.05, 1.0/600)}, {0, 10, 1 - math.Pow(0.05, 0.1)}, {1, 10, 0.39416}, {5, 10, 0.77756}, {10, 10, 1}, {0, 0, 1},
	} {
		if got := upper95(test.bad, test.races); math.Abs(got-test.want) > 1e-5 {
			t.Errorf("%d of %d: %v, want %v", test.bad, test.races, got, test.want)
		}
	}
	if got := upper95(0, 600); got >= 0.005 {
		t.Errorf("none of 600: %v, want below 0.5 %%", got)
	}
}

func TestRowsHaveNames(t *testing.T) {
	names, keys := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		if names[r.name] || keys[slug(r.name)] || r.name == "" || r.aws == "" || !strings.HasSuffix(r.means, ".") {
			t.Errorf("%+v", r.name)
		}
		names[r.name], keys[slug(r.name)] = true, true
	}
}

// TestConclusive: half of the races are when the time is up; a limit decides nothing.
func TestConclusive(t *testing.T) {
	over, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	away := errors.New("the store is away")
	for _, test := range []struct {
		name                    string
		budget                  context.Context
		wanted, judged, refused int
		why                     error
		quick                   bool
		want                    string
	}{
		{name: "all", budget: t.Context(), wanted: 600, judged: 600},
		{name: "half, in time", budget: over, wanted: 600, judged: 300},
		{name: "less", budget: over, wanted: 600, judged: 299, want: "budget"},
		{name: "most, and the store went away", budget: t.Context(), wanted: 600, judged: 599, why: away, want: "away"},
		{name: "half of a quick look", budget: over, wanted: 24, judged: 23, quick: true, want: "budget"},
		{name: "some refused", budget: t.Context(), wanted: 600, judged: 600, refused: 300},
		{name: "most refused", budget: t.Context(), wanted: 600, judged: 600, refused: 301, want: "refused"},
	} {
		e := &examination{Config: Config{Quick: test.quick}}
		got := e.inconclusive(t.Context(), test.budget, test.wanted, storerace.Tally{Judged: test.judged, Refused: test.refused, Why: test.why})
		if (got != "") != (test.want != "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
