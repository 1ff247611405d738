package page_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"holdfast/reports/page"
)

// swim is a story in which a text stands wherever there is one.
func swim(id, s string) page.Lanes {
	return page.Lanes{
		ID: id, Title: s, Means: s, Where: s, Fate: s,
		Across: []page.Lane{{Name: s, Title: s}, {Name: s, Title: s, Object: true}, {Name: s, Title: s}},
		Before: []page.LaneVersion{{Lane: 1, Name: s}},
		Steps: []page.LaneStep{
			{Text: s, Weight: page.Gap},
			{Text: s, When: s, Move: 1, Box: &page.LaneBox{Shape: page.Begins, Lines: []string{s, s}}},
			{Text: s, Weight: page.Context, Fault: s, Arrow: &page.LaneArrow{To: 1, Above: s, Below: s, End: page.Refused, Sent: 1}},
			{Text: s, Arrow: &page.LaneArrow{To: 1, Above: s, Below: s, End: page.ReplyLost, Sent: 3}, Version: &page.LaneVersion{Lane: 1, Name: s, On: s}},
			{Text: s, Weight: page.Wrong, Arrow: &page.LaneArrow{From: 1, To: 2, Above: s, Below: s, End: page.Arrives, Sent: 4}, Version: &page.LaneVersion{Lane: 1, Name: s, Seen: true}},
			{Text: s, Arrow: &page.LaneArrow{From: 2, To: 1, Above: s, Below: s, End: page.Unanswered, Sent: 5}},
			{Text: s, Box: &page.LaneBox{Lane: 2, Shape: page.Failed, Lines: []string{s}}},
		},
		Bars:  []page.LaneBar{{From: 1, To: 3}, {Lane: 2, From: 4, To: 6, Open: true}},
		Bands: []page.LaneBand{{Lane: 1, From: 2, To: 4, Label: s, State: s, End: s}},
		Moves: []page.LaneMove{{Name: s, Share: 0.5, Chance: s, Fateful: true}},
	}
}

func pageOf(blocks ...page.Block) page.Page {
	return page.Page{Title: "t", Verdict: "FAIL", Sections: []page.Section{{ID: "s", Title: "s", Blocks: blocks}}}
}

// TestWhatIsDrawnIsTold: every step has a sentence, a row that leads to it and what is drawn,
// under one number.
func TestWhatIsDrawnIsTold(t *testing.T) {
	file := html(t, pageOf(swim("a", "x"), swim("b", "y")))
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(file, -1) {
		if ids[m[1]] {
			t.Errorf("there are two %q", m[1])
		}
		ids[m[1]] = true
	}
	for n := 1; n <= 6; n++ {
		for _, want := range []string{
			fmt.Sprintf(`<li id="a_%d"`, n), fmt.Sprintf(`data-step="%d" href="#a_%[1]d"`, n), fmt.Sprintf(`<g class="step [a-z]*" data-step="%d">`, n), fmt.Sprintf(`value="%d"`, n),
		} {
			if !regexp.MustCompile(want).MatchString(file) {
				t.Errorf("step %d has no %s", n, want)
			}
		}
	}
	if strings.Count(file, `class="legend"`) != 1 {
		t.Error("how drawings are read is said once")
	}
	if strings.Contains(file, `a_7`) || !strings.Contains(file, `<li class="gap">⋮ x</li>`) {
		t.Error("what is left out is no step, and is said")
	}
}

// TestManyStoriesAreToldOnly: a page draws no more than people look at.
func TestManyStoriesAreToldOnly(t *testing.T) {
	var all []page.Block
	for i := range 12 {
		all = append(all, swim(fmt.Sprintf("s%d", i), "told"))
	}
	file := html(t, pageOf(all...))
	if n := strings.Count(file, `class="swim"`); n != 10 {
		t.Errorf("%d are drawn", n)
	}
	if !strings.Contains(file, `<li id="s11_6"`) || strings.Count(file, `class="stepping"`) != 10 {
		t.Error("the last is told, and nobody steps through it")
	}
	file = html(t, pageOf(page.Lanes{ID: "empty", Title: "that is all"}, swim("a", "told"))) // nor does it need anything to draw
	if !strings.Contains(file, "that is all") || strings.Count(file, `class="stepping"`) != 1 || strings.Count(file, `class="drawn"`) != 1 {
		t.Error("of a story without steps only the sentence is shown")
	}
	if strings.Count(file, `class="legend"`) != 1 || strings.Index(file, `class="legend"`) < strings.Index(file, `class="swim"`) {
		t.Error("how drawings are read is said at the first")
	}
}

func TestStoriesInMarkdown(t *testing.T) {
	l := swim("a", "so it was")
	l.Title, l.Where, l.Fate = "bob wrote v3", "Look at T4", "after move 2"
	got := written(t, pageOf(l), page.Markdown)
	for _, want := range []string{
		"bob wrote v3.\n", "Look at T4.\n", "\n   … so it was\n1. so it was (so it was)\n2. so it was\n", "\n4. ✕ so it was\n", "Inevitable after move 2.\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

// TestDrawingsAreSmall, of as many lanes and steps as a story has at most.
func TestDrawingsAreSmall(t *testing.T) {
	l := swim("a", strings.Repeat("long & ", 30))
	for len(l.Across) < 10 {
		l.Across = append(l.Across, l.Across[0])
	}
	for len(l.Steps) < 42 {
		l.Steps = append(l.Steps, l.Steps[3])
	}
	without := len(html(t, pageOf()))
	if size := len(html(t, pageOf(l))) - without; size > 150_000 {
		t.Errorf("%d bytes", size)
	}
}

// TestLabelsKeepToTheirLane: the words beside an arrow reach neither the lane that they stand at
// nor the next, unless they are too long for both: then they stand in the middle.
func TestLabelsKeepToTheirLane(t *testing.T) {
	for _, label := range []string{"412", "reads v2", "If-Match: v12", "+ m-gsvdcaa…", "If-None-Match: *"} {
		l := page.Lanes{ID: "a", Across: []page.Lane{{Name: "bob"}, {Name: "it", Object: true}}, Steps: []page.LaneStep{{Arrow: &page.LaneArrow{To: 1, Above: label}}}}
		file := html(t, pageOf(l))
		at := func(pattern string) float64 {
			x, err := strconv.ParseFloat(regexp.MustCompile(pattern).FindStringSubmatch(file)[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		from, to, middle := at(`class="lane" d="M([0-9.]+) `), at(`class="lane object" d="M([0-9.]+) `), at(`class="words" x="([0-9.]+)"`)
		if half := 3.6 * float64(len([]rune(label))); middle-half < from && middle != (from+to)/2 || middle > (from+to)/2 {
			t.Errorf("%q is around %v, between %v and %v", label, middle, from, to)
		}
	}
}

// TestGapsAreLegible: what is left out is written over the lanes, not under them.
func TestGapsAreLegible(t *testing.T) {
	file := html(t, pageOf(swim("a", "x")))
	if gap, bar := strings.Index(file, `<text class="gap"`), strings.LastIndex(file, `<rect class="bar`); gap < bar || bar < 0 {
		t.Errorf("a gap at %d, bars until %d", gap, bar)
	}
}

// TestBandsEndInTheDrawing: what one comes to is not cut off beside the last lane.
func TestBandsEndInTheDrawing(t *testing.T) {
	l := swim("a", "x")
	l.Across, l.Steps = l.Across[:2], l.Steps[1:4]
	l.Steps[2].Arrow.To, l.Bars = 1, nil
	l.Bands = []page.LaneBand{{Lane: 1, From: 0, To: 2, Label: "x", State: "is stored", End: "✕ lacks it"}}
	m := regexp.MustCompile(`(?s)class="swim"[^>]* width="([0-9.]+)".*class="missing" x="([0-9.]+)"`).FindStringSubmatch(html(t, pageOf(l)))
	width, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	middle, err := strconv.ParseFloat(m[2], 64)
	if err != nil {
		t.Fatal(err)
	}
	if half := 3.6 * float64(len("✕ lacks it")-2); middle+half > width {
		t.Errorf("it reaches to %v of %v", middle+half, width)
	}
}
