package reports

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// run writes a run of a result, verdict first, in so many lines at most.
func (t Text) run(of *Result, i, most int) {
	r := &of.Runs[i]
	head, foot := t.opening(r), t.closing(of, i)
	if t.Verbose {
		most = 0
	}
	found := t.found(r, func(around int) int {
		if most == 0 {
			return 0
		}
		return max(most-height(head)-height(essential(foot))-around, leastStory)
	})
	if len(found) > 0 {
		found = append(found, gap)
	}
	t.tellIn(slices.Concat(head, []part{gap}, found, foot), most)
}

// leastStory are the lines that are left for what was found.
const leastStory = 10

// mostOfNote are the lines that a note takes, if the report is not verbose.
const mostOfNote = 3

// opening is the verdict, and what it is about.
func (t Text) opening(r *measure.Measurement) []part {
	all := []part{t.part(0, func(t Text) { t.verdict(r) })}
	if !r.Verdict.Final() { // it says what a passing run has shown
		all = append(all, t.part(40, func(t Text) {
			for _, line := range Wrap(r.Shows, Width-6) {
				fmt.Fprintf(t.W, "      %s\n", line)
			}
		}))
	}
	for i, note := range notesOf(r) {
		lines := Wrap(note, Width-10)
		if !t.Verbose {
			lines = cutTo(lines, mostOfNote)
		}
		all = append(all, t.part(min(i, 1)*30, func(t Text) {
			for i, line := range lines {
				fmt.Fprintf(t.W, "      %s %s\n", []string{"–", " "}[min(i, 1)], line)
			}
		}))
	}
	return all
}

// notesOf say what is behind a verdict, or limits it.
func notesOf(r *measure.Measurement) []string {
	all := missed(r)
	if r.Verdict == check.Inconclusive {
		all = append(slices.Clone(r.Reasons), all...)
	}
	if r.Interrupted && r.Verdict.Final() {
		all = append(all, "it was interrupted after that")
	}
	all = append(all, r.Notes...)
	if r.Judged > 0 {
		all = append(all, fmt.Sprintf("The history holds %d of %s, which is what the numbers are of; the run found nothing wrong with the others",
			r.Judged, Plural(r.Repetitions, "repetition")))
	}
	if r.Failure != "" {
		all = append(all, "The run could not go on: "+r.Failure)
	}
	return all
}

// closing is the numbers, where they come from, where the rest is, and how to play it again.
// What was found leaves no room for numbers that have nothing to do with it.
func (t Text) closing(of *Result, i int) []part {
	r := &of.Runs[i]
	all := t.numbers(r)
	all = append(all,
		t.part(5, func(t Text) {
			t.wrapped("setting", fmt.Sprintf("%s core%s%s, %s world, %s, %s", r.Core, via(r), layoutNamed(r.Layout), r.World, r.Store, Plural(r.Clients, "client")))
		}),
		t.part(5, func(t Text) { t.row("policy", r.Policy) }),
		t.part(5, func(t Text) {
			if r.Overlap != nil {
				t.wrapped("shards", overlapped(r.Overlap))
			}
		}),
		t.part(0, func(t Text) {
			if dir := of.RunDirectory(i); dir != "" {
				t.kept(dir)
			}
			if next := nextCommand(r, of.Environment.Store); next != "" {
				t.row("next", next)
			}
			if r.Replay == "" {
				return
			}
			if r.World == "real" && !r.Verdict.Final() {
				t.row("replay", r.Replay)
				t.row("", "(the real world's schedule varies from run to run)")
				return
			}
			t.row("replay", r.Replay) // never wrapped: it is there to be copied
		}))
	return all
}

// overlapped says how much the shards of a load were at work together.
func overlapped(o *measure.Overlap) string {
	if o.WithinMS == 0 {
		return fmt.Sprintf("%d; their clocks could not be aligned, so nobody knows for how much of the time all were at work", o.Shards)
	}
	return fmt.Sprintf("%d, all of them at work for %.3g %% of the time; their clocks are aligned to ±%.2g ms", o.Shards, 100*o.Share, o.WithinMS)
}

// kept says where the rest is: the page, if there is one.
func (t Text) kept(dir string) {
	page := filepath.Join(dir, PageFile)
	if _, err := os.Stat(page); err == nil {
		t.row("page", page)
		return
	}
	t.row("saved in", dir)
}

// nextCommand is what finds out more than playing it again does; empty: nothing is known that
// does.
func nextCommand(r *measure.Measurement, store *measure.Settings) string {
	if !r.Verdict.Final() {
		return ""
	}
	for _, a := range advice(r, store) {
		if a.Command != "" && a.Command != r.Replay {
			return a.Command
		}
	}
	return ""
}

// found tells what is wrong, in as many lines as there are beside so many others.
func (t Text) found(r *measure.Measurement, beside func(int) int) []part {
	switch {
	case !r.Verdict.Final():
		return nil
	case t.Verbose:
		var all []part
		if r.Verdict == check.Violated {
			all = append(all, t.part(0, func(t Text) { t.everyStory(r.Violations) }))
		}
		return append(all, t.part(0, func(t Text) { t.findings(r.StoreFindings) }))
	case r.Verdict == check.StoreAtFault:
		return t.foundOfStore(r.StoreFindings, beside(2))
	}
	return t.foundInShort(r.Violations, r.StoreFindings, beside(2))
}

// foundInShort is the story of the first violation, and the names of what else there is.
func (t Text) foundInShort(violations []check.Violation, findings []check.StoreFinding, room int) []part {
	first := firsts(violations)
	if len(first) == 0 {
		return nil
	}
	var others []string
	for _, v := range first[1:] {
		others = append(others, titled(v))
	}
	for _, f := range findings {
		others = append(others, "the store: "+storeTitle(f))
	}
	also := t.also(others)
	return append(t.storyIn(first[0], titled(first[0]), room-len(also.lines)), also)
}

// also names what is not told; nothing, if there is nothing.
func (t Text) also(others []string) part {
	return part{lines: cutTo(t.part(0, func(t Text) { t.wrapped("also", strings.Join(others, "; ")) }).lines, 3)}
}

// foundOfStore is the proof of the first finding, and the names of the others.
func (t Text) foundOfStore(all []check.StoreFinding, room int) []part {
	t.conditions = true
	if len(all) == 0 {
		return nil
	}
	var others []string
	for _, f := range all[1:] {
		others = append(others, storeTitle(f))
	}
	also, f := t.also(others), all[0]
	v := check.Violation{Summary: f.Summary, Witness: f.Witness}
	return append(t.storyIn(v, storeTitle(f), room-len(also.lines)), also)
}

// firsts are the first violation of each invariant, in the order of these.
func firsts(all []check.Violation) []check.Violation {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b check.Violation) int { return byNumber(string(a.Invariant), string(b.Invariant)) })
	return slices.CompactFunc(sorted, func(a, b check.Violation) bool { return a.Invariant == b.Invariant })
}

// failures tells what came of the runs that did not pass, the worst first: of one all that a
// run is told, of several so much of each that together they fit a screen.
func (t Text) failures(r *Result) {
	var failed []int
	for i := range r.Runs {
		if !r.Runs[i].Passed() {
			failed = append(failed, i)
		}
	}
	slices.SortStableFunc(failed, func(a, b int) int { return cmp.Compare(classOf(&r.Runs[b]), classOf(&r.Runs[a])) })
	if len(failed) == 1 || t.Verbose {
		for _, i := range failed {
			fmt.Fprintln(t.W)
			t.run(r, i, mostLines)
		}
		return
	}
	room := mostLines - 1 // for those that are left out
	for n, i := range failed {
		lines := t.inShort(r, i)
		if room -= len(lines) + 1; room < 0 {
			fmt.Fprintf(t.W, "\n… %d more that did not pass (--verbose, or the page)\n", len(failed)-n)
			return
		}
		fmt.Fprintln(t.W)
		t.write([]part{{lines: lines}})
	}
}

// inShort is a run that did not pass in a few lines.
func (t Text) inShort(of *Result, i int) []string {
	r := &of.Runs[i]
	return t.part(0, func(t Text) {
		t.verdict(r)
		switch {
		case r.Verdict == check.Violated && len(r.Violations) > 0:
			first := firsts(r.Violations)[0]
			t.write([]part{{lines: cutTo(indented(Wrap(titled(first), Width-2)), 1)}, {lines: cutTo(t.summaryOf(first), 2)}})
		default:
			for _, note := range notesOf(r)[:min(len(notesOf(r)), 1)] {
				for _, line := range cutTo(Wrap("– "+note, Width-6), 2) {
					fmt.Fprintf(t.W, "      %s\n", line)
				}
			}
		}
		if dir := of.RunDirectory(i); dir != "" {
			t.kept(dir)
		}
		if r.Replay != "" {
			t.row("replay", r.Replay)
		}
	}).lines
}
