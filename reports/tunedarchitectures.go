package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"holdfast/reports/chart"
	"holdfast/scenarios/tuning"
	"holdfast/scenarios/units"
)

// writeArchitectures compares what can be done about the object.
func (r Tuned) writeArchitectures(t Text) {
	switch a := r.Architectures; {
	case a == nil:
	case a.Complete:
		r.writeAllArchitectures(t)
	default:
		r.writeFewArchitectures(t)
	}
}

// writeFewArchitectures takes three lines where there is an alternative: the retries, the best of the
// others, and the command that compares all.
func (r Tuned) writeFewArchitectures(t Text) {
	a := r.Architectures
	retries := a.Of(tuning.BestRetries)
	var best *tuning.Architecture
	for i := range a.Rows {
		if o := &a.Rows[i]; o != retries && o.P99 != nil && (best == nil || o.P99.Value < best.P99.Value) {
			best = o
		}
	}
	if best == nil {
		for _, o := range a.Rows {
			if o.LeftOut != "" {
				t.wrapped("or else", fmt.Sprintf("no %s: %s", o.Name, o.LeftOut))
				return
			}
		}
		return
	}
	t.row("retries", inShort(retries))
	t.row("or else", best.Name+": "+inShort(best))
	t.row("compare", r.Replay+" --architectures")
}

// inShort is a row in a line.
func inShort(a *tuning.Architecture) string {
	if a.P99 == nil {
		return "unstable: waits grow for as long as the load lasts"
	}
	text := fmt.Sprintf("p99 %s at %s puts, $%.2f a million updates", units.Seconds(a.P99.Value), units.Number(a.Puts), a.Price.Total())
	if a.NotStored > 0 {
		text += fmt.Sprintf(", %s not stored", units.Percent(a.NotStored))
	}
	return text
}

// writeAllArchitectures is the table and what follows from it.
func (r Tuned) writeAllArchitectures(t Text) {
	a := r.Architectures
	fmt.Fprintln(t.W)
	w := NewTable(table.Row{"architecture", "p99", "±", "failed", "puts", "$/million", "carries", "order"}, 2, 3, 4, 5, 6, 7)
	missed := false
	var leftOut, demands []string
	for i := range a.Rows {
		o := &a.Rows[i]
		if o.LeftOut != "" {
			leftOut = append(leftOut, fmt.Sprintf("no %s: %s", o.Name, o.LeftOut))
			continue
		}
		name := o.Name
		if !o.Meets() {
			missed, name = true, name+" †"
		}
		if o.Demands != "" {
			demands = append(demands, o.Demands)
			name += " ‡"
		}
		if slices.Contains(a.Frontier, o.Name) {
			name += " *"
		}
		w.AppendRow(append(table.Row{name}, architectureCells(o)...))
	}
	t.Table(w)
	var notes []string
	if missed {
		notes = append(notes, "† misses the objective")
	}
	if len(demands) > 0 {
		notes = append(notes, "‡ never recommended: "+strings.Join(demands, ", or "))
	}
	notes = append(notes, "* no other but ‡ has both a shorter p99 and a lower price", "p99 until stored; failed: given up, or a dead letter; puts of an update; dollars of store and queue")
	if of := r.carriesOf(); of != "" {
		notes = append(notes, "carries: the most "+of+" within the objective")
	}
	t.wrapped("", strings.Join(notes, "; "))
	for _, text := range grouped(leftOut) {
		t.wrapped("", text)
	}
	t.wrapped("choose", r.choice())
	r.writeSensitivity(t)
	r.writeChanges(t)
}

// grouped joins those that were left out for the same reason.
func grouped(leftOut []string) (all []string) {
	for _, text := range leftOut {
		name, why, _ := strings.Cut(text, ": ")
		if i := slices.IndexFunc(all, func(o string) bool { return strings.HasSuffix(o, ": "+why) }); i >= 0 {
			all[i] = strings.TrimSuffix(all[i], ": "+why) + ", " + name + ": " + why
			continue
		}
		all = append(all, text)
	}
	return all
}

func (r Tuned) carriesOf() string {
	for _, o := range r.Architectures.Rows {
		if o.Carries != nil {
			return o.Carries.Of
		}
	}
	return ""
}

func architectureCells(o *tuning.Architecture) table.Row {
	p99, half := "unstable", ""
	switch {
	case o.P99 != nil:
		p99, half = units.Seconds(o.P99.Value), units.Seconds((o.P99.High-o.P99.Low)/2)
	case !o.Unstable:
		p99 = "none"
	}
	most := ""
	if c := o.Carries; c != nil {
		most = units.Number(c.Most)
		if c.AndMore {
			most = "≥ " + most
		}
	}
	lost := ""
	if o.NotStored > 0 {
		lost = units.Percent(o.NotStored)
	}
	return table.Row{p99, half, lost, units.Number(o.Puts), fmt.Sprintf("%.2f", o.Price.Total()), most, o.Ordering}
}

// choice says which is recommended, and why.
func (r Tuned) choice() string {
	a := r.Architectures
	if a.Recommended == "" {
		return "none of them meets the objective"
	}
	return fmt.Sprintf("%s: %s", a.Recommended, a.Evidence)
}

// writeSensitivity shows p99 where things are not as they were played.
func (r Tuned) writeSensitivity(t Text) {
	a := r.Architectures
	if len(a.Sensitivity) == 0 {
		return
	}
	fmt.Fprintln(t.W)
	header := table.Row{"p99 with"}
	right := []int{}
	for i, at := range a.Sensitivity {
		header = append(header, at.Setting)
		right = append(right, i+2)
	}
	w := NewTable(header, right...)
	for _, cell := range a.Sensitivity[0].Cells {
		line := table.Row{cell.Name}
		for _, at := range a.Sensitivity {
			line = append(line, shifted(&at, cell.Name))
		}
		w.AppendRow(line)
	}
	t.Table(w)
}

func shifted(at *tuning.Sensitivity, name string) string {
	i := slices.IndexFunc(at.Cells, func(s tuning.Shift) bool { return s.Name == name })
	switch s := &at.Cells[i]; {
	case s.P99 == nil:
		return "unstable"
	case len(s.Missed) > 0:
		return units.Seconds(*s.P99) + " †"
	default:
		return units.Seconds(*s.P99)
	}
}

// writeChanges says what the user of each must do: the scenario's lines, and once for those
// that share it the code.
func (r Tuned) writeChanges(t Text) {
	var code []string
	for i := range r.Architectures.Rows {
		o := &r.Architectures.Rows[i]
		if o.LeftOut != "" || o.Name == tuning.AsIs {
			continue
		}
		fmt.Fprintln(t.W)
		t.wrapped("", o.Name+": "+o.Change.What)
		for _, line := range o.Change.Scenario {
			fmt.Fprintln(t.W, line)
		}
		if o.Change.Go != "" && !slices.Contains(code, o.Change.Go) {
			code = append(code, o.Change.Go)
		}
	}
	for _, source := range code {
		fmt.Fprintln(t.W)
		fmt.Fprint(t.W, source)
	}
}

// architecturesChart draws p99 over the price of a million updates, a point for each.
func (r Tuned) architecturesChart() *chart.Chart {
	all := &chart.Chart{
		Title: "What each architecture costs, and how long an update takes", X: "dollars for a million updates, store and queue",
		Notes: []string{fmt.Sprintf("%s, %s, %s", r.Scenario, Plural(r.Clients, "client"), latencyName(r.Latency)), "* no other but ‡ has both a shorter p99 and a lower price; ‡ never recommended"},
	}
	panel := chart.Panel{Y: "p99 until stored, ms", Named: true}
	for i := range r.Architectures.Rows {
		o := &r.Architectures.Rows[i]
		if o.P99 == nil {
			continue
		}
		s := chart.Series{Name: o.Name, Points: []chart.Point{{X: o.Price.Total(), Y: o.P99.Value, Half: (o.P99.High - o.P99.Low) / 2}}}
		if o.Demands != "" {
			s.Name += " ‡"
		}
		if slices.Contains(r.Architectures.Frontier, o.Name) {
			s.Name += " *"
		}
		panel.Series = append(panel.Series, s)
	}
	all.Panels = []chart.Panel{panel}
	return all
}
