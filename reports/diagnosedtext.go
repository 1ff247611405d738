package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"holdfast/archive/storefault"
	"holdfast/scenarios/doctor"
	"holdfast/scenarios/units"
)

// Text implements [Document].
func (d Diagnosed) Text(t Text) {
	all := []part{t.part(0, func(t Text) { t.head(d.word(), d.line()) })}
	notes := d.notes()
	for i, note := range notes {
		all = append(all, t.part(min(i, 1)*5, func(t Text) { t.bullet(note) }))
	}
	most := 6 // the document, the page and the issue have all
	switch {
	case t.Verbose:
		most = len(d.Rows)
	case len(notes) > 2:
		most = 3
	}
	all = append(all, gap, t.part(10, func(t Text) { t.differences(d.Rows, most) }), t.part(0, func(t Text) { t.alike(d.Rows, most) }), t.part(20, func(t Text) { t.raceTable(d.Races) }), gap)
	t.tellIn(append(all, d.closing(t)...), t.most())
}

// closing is what the findings come to, where they are from, and how to see them again.
func (d *Diagnosed) closing(t Text) []part {
	return []part{
		t.part(0, func(t Text) {
			t.wrapped("trust", fmt.Sprintf("writes: %s; reads: %s; conditional deletes: %s", levelWord(d.Writes), levelWord(d.Reads), levelWord(d.Deletes)))
		}),
		t.part(40, func(t Text) {
			for _, e := range d.Endpoints {
				t.wrapped("endpoint", endpointInWords(e))
			}
		}),
		t.part(50, func(t Text) {
			t.wrapped("took", fmt.Sprintf("%s s, %s%s", formatNumber(d.Seconds), units.Thousands(d.Requests)+" requests", d.processesInWords()))
		}),
		t.part(15, func(t Text) {
			if p := d.Profile; p != nil {
				word := "the model of it does under the same load what was measured"
				if !p.Agrees {
					word = "the model of it DIFFERS under the same load"
				}
				t.wrapped("profile", p.File+"; "+word)
				t.fit(p.Fit)
			}
		}),
		t.part(0, func(t Text) {
			if d.Directory != "" {
				t.kept(d.Directory)
			}
			t.row("replay", d.Replay)
			if d.Verdict == doctor.Inconclusive && !d.Interrupted && slices.ContainsFunc(d.Races, func(r doctor.Race) bool { return r.Inconclusive != "" && r.Races < r.Wanted }) {
				t.row("", "(--budget gives a slow store more time)")
			}
		}),
	}
}

func (d *Diagnosed) processesInWords() string {
	if d.Processes < 2 {
		return ""
	}
	return fmt.Sprintf(", races from %d processes", d.Processes)
}

// notes are the sentences below the verdict: what was found and what it means, limits that
// no finding tells, and why not all is known. Beside what is unsafe, faults of less weight are
// only named, and the rest is left to the document.
func (d *Diagnosed) notes() []string {
	var notes, told, beside []string
	for _, f := range d.findings() {
		told = append(told, f.Means)
		switch sentence := capital(f.What) + ". " + f.Means; {
		case f.Severity == storefault.Unsafe:
			notes = append(notes, sentence)
		case d.Verdict == doctor.Unsafe:
			beside = append(beside, f.What)
		default:
			notes = append(notes, sentence)
		}
	}
	if len(beside) > 0 {
		notes = append(notes, "Beside that: "+strings.Join(beside, "; ")+".")
	}
	if d.Verdict == doctor.Unsafe {
		return notes
	}
	for _, limit := range d.Limits {
		if !slices.ContainsFunc(told, func(means string) bool { return strings.Contains(limit, means) }) {
			notes = append(notes, capital(limit))
		}
	}
	reasons := d.unknown()
	if d.Verdict == doctor.Inconclusive {
		return slices.Concat(reasons, notes)
	}
	return slices.Concat(notes, reasons)
}

// unknown says what was not tried to its end, and why; the document has more of it.
func (d *Diagnosed) unknown() []string {
	var rows, races byReason
	for _, r := range d.Rows {
		if r.Inconclusive {
			rows.add(r.Here, r.Name)
		}
	}
	for _, r := range d.Races {
		if r.Inconclusive != "" {
			races.add(strings.TrimPrefix(r.Inconclusive, "then "), r.Name)
		}
	}
	var notes []string
	for _, why := range rows.order {
		notes = append(notes, fmt.Sprintf("Not known: %s (%s).", strings.Join(rows.names[why], ", "), why))
	}
	for _, why := range races.order {
		notes = append(notes, fmt.Sprintf("Too few races of %s: %s.", strings.Join(races.names[why], ", "), why))
	}
	return notes
}

// byReason groups names by why they are there, in the order in which reasons come.
type byReason struct {
	names map[string][]string
	order []string
}

// add groups by the first part of the reason.
func (b *byReason) add(why, name string) {
	why, _, _ = strings.Cut(why, ";")
	if b.names == nil {
		b.names = map[string][]string{}
	}
	if b.names[why] == nil {
		b.order = append(b.order, why)
	}
	b.names[why] = append(b.names[why], name)
}

func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// differences is a table of rows that were not answered as S3 answers them, of so many at most.
func (t Text) differences(rows []doctor.Row, most int) {
	different := unlike(rows)
	if len(different) == 0 {
		return
	}
	slices.SortStableFunc(different, func(a, b doctor.Row) int { return cmp.Compare(gravity(&b), gravity(&a)) })
	w := NewTable(table.Row{"not as S3 does", "here", "S3"})
	different = different[:min(most, len(different))]
	// Of an answer the beginning is enough; what it answers to is told whole.
	const gaps, shortest, theirs = 2, 12, 22
	name := 0
	for i := range different {
		name = max(name, text.StringWidth(different[i].Name))
	}
	name = min(name, Width-gaps-shortest-theirs)
	w.SetColumnConfigs([]table.ColumnConfig{wrappedAt(1, name), oneLine(2, min(24, Width-gaps-name-theirs)), oneLine(3, theirs)})
	for _, r := range different {
		if r.Inconclusive {
			r.Here = "? " + r.Here
		}
		w.AppendRow(table.Row{r.Name, r.Here, r.AWS})
	}
	t.Table(w)
}

// alike counts the rows that were answered as S3 answers them, and those of the others that are
// too many for the table.
func (t Text) alike(rows []doctor.Row, most int) {
	different := len(unlike(rows))
	rest := fmt.Sprintf("%d of %s", len(rows)-different, Plural(len(rows), "promise"))
	if different > most {
		rest += fmt.Sprintf("; %d more are not", different-most)
	}
	t.row("as S3 does", rest)
}

// unlike are the rows that were not answered as S3 answers them.
func unlike(rows []doctor.Row) (different []doctor.Row) {
	for i := range rows {
		if !rows[i].OK {
			different = append(different, rows[i])
		}
	}
	return different
}

// gravity orders rows: what is worse has more.
func gravity(r *doctor.Row) int {
	switch {
	case r.Kind != "" && faultOf(r.Kind).Severity == storefault.Unsafe:
		return 3
	case r.Kind != "":
		return 2
	case r.Inconclusive:
		return 1
	}
	return 0
}

// oneLine is a column whose texts are cut at a width.
func oneLine(column, width int) table.ColumnConfig {
	return table.ColumnConfig{Number: column, WidthMax: width, WidthMaxEnforcer: func(s string, width int) string { return text.Snip(s, width, "…") }}
}

// wrappedAt is a column whose texts go on in the next line at a width.
func wrappedAt(column, width int) table.ColumnConfig {
	return table.ColumnConfig{Number: column, WidthMax: width, WidthMaxEnforcer: text.WrapSoft}
}

// raceTable has a line for the kinds of race that came to the same.
func (t Text) raceTable(races []doctor.Race) {
	if len(races) == 0 {
		return
	}
	const wide = 44
	fmt.Fprintln(t.W)
	w := NewTable(table.Row{"race" + raceSettings(races), "bad", "a race, 95 %"})
	w.SetColumnConfigs([]table.ColumnConfig{wrappedAt(1, wide)})
	type outcome struct{ bad, bound string }
	names := map[outcome][]string{}
	var order []outcome
	for i := range races {
		r := &races[i]
		o := outcome{badOf(r), boundOf(r)}
		if names[o] == nil {
			order = append(order, o)
		}
		names[o] = append(names[o], r.Name)
	}
	for _, o := range order {
		w.AppendRow(table.Row{strings.Join(names[o], ", "), o.bad, o.bound})
	}
	t.Table(w)
}

// raceSettings is what the kinds of race were mixed of, if it is the same for all.
func raceSettings(races []doctor.Race) string {
	first := &races[0]
	for i := range races {
		if r := &races[i]; !slices.Equal(r.Writers, first.Writers) || !slices.Equal(r.BodyBytes, first.BodyBytes) {
			return ""
		}
	}
	return fmt.Sprintf(" (of %s; %s)", writersOf(first), bodiesOf(first))
}

// writersOf and bodiesOf say what was mixed in a kind of race.
func writersOf(r *doctor.Race) string { return joined(r.Writers, strconv.Itoa) }
func bodiesOf(r *doctor.Race) string  { return joined(r.BodyBytes, bodySize) }

func joined(numbers []int, as func(int) string) string {
	all := make([]string, len(numbers))
	for i, n := range numbers {
		all[i] = as(n)
	}
	return strings.Join(all, " and ")
}

// badOf says how many races of those that were wanted, if all were played, were bad.
func badOf(r *doctor.Race) string { return fmt.Sprintf("%d of %d", r.Bad, r.Races) }

// boundOf says above which rate of bad races it is not, rounded up.
func boundOf(r *doctor.Race) string {
	percent := 100 * r.RateUpper95
	if percent < 1 {
		percent = math.Ceil(100*percent) / 100
	} else {
		percent = math.Ceil(percent)
	}
	switch {
	case r.Races == 0:
		return "not known"
	case r.Bad > 0:
		return fmt.Sprintf("up to %s %%", formatNumber(percent))
	}
	return fmt.Sprintf("below %s %%", formatNumber(percent))
}

// levelWord is a level as people say it.
func levelWord(l doctor.Level) string {
	switch l {
	case doctor.LevelSafe, doctor.LevelUnsafe:
		return string(l)
	case doctor.LevelWarn:
		return "with limits"
	case doctor.LevelInconclusive:
		return "not known"
	}
	return "not looked at"
}

// endpointInWords is a way to the store in a sentence's part.
func endpointInWords(e doctor.Endpoint) string {
	parts := []string{cmp.Or(e.URL, "AWS")}
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+value)
		}
	}
	add("", e.Server)
	add("region ", e.Region)
	add("", e.TLS)
	add("versioning ", e.Versioning)
	const unknowable = 1000 // ms: the Date header has whole seconds
	if off := e.ClockOffsetMS; math.Abs(off) > unknowable {
		parts = append(parts, fmt.Sprintf("its clock %s s %s ours", formatNumber(math.Abs(off)/1000), map[bool]string{true: "before", false: "behind"}[off > 0]))
	}
	return strings.Join(parts, ", ")
}

// bullet writes a sentence below a verdict.
func (t Text) bullet(sentence string) {
	for i, line := range Wrap(sentence, Width-10) {
		fmt.Fprintf(t.W, "      %s %s\n", []string{"–", " "}[min(i, 1)], line)
	}
}
