package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/archive/storefault"
	"holdfast/reports/page"
	"holdfast/scenarios/doctor"
	"holdfast/scenarios/units"
)

// Page tells it to who was not there.
func (d Diagnosed) Page() page.Page {
	p := page.Page{Title: "doctor: " + d.named(), Verdict: d.word(), Tone: toneOf(d.Class()), Lead: d.line() + ".", Advice: again("Examine the same again:", d.Replay)}
	if d.Verdict == doctor.Unsafe {
		p.Advice = append([]page.Advice{{Text: "Keep nothing in this store that must not be lost. " +
			"How each finding can be seen again is at the end, for whoever makes or runs it."}}, p.Advice...)
	}
	if notes := d.notes(); len(notes) > 0 {
		p.Sections = append(p.Sections, page.Section{ID: "notes", Title: "What to know", Blocks: []page.Block{page.List(notes)}})
	}
	p.Sections = append(p.Sections, d.trustSection())
	for _, s := range []page.Section{d.racesSection(), d.rowsSection(), d.proofsSection()} {
		if len(s.Blocks) > 0 {
			p.Sections = append(p.Sections, s)
		}
	}
	if s := d.Profile; s != nil {
		p.Sections = append(p.Sections, page.Section{ID: "profile", Title: "How fast it is", Blocks: []page.Block{page.Prose(s.File + ": " + fitWords(s.Fit) + "."), fitTable(s.Fit)}})
	}
	p.Facts = page.Facts{{Name: "store", Value: d.Store}}
	p.Facts = append(p.Facts, fact("server", d.Server)...)
	for _, e := range d.Endpoints {
		p.Facts = append(p.Facts, page.Fact{Name: "endpoint", Value: endpointInWords(e)})
	}
	p.Facts = append(p.Facts,
		page.Fact{Name: "examined", Value: fmt.Sprintf("%s, for %s s, by %s requests%s", d.Began.Format(time.RFC3339), formatNumber(d.Seconds), units.Thousands(d.Requests), d.processesInWords())},
		page.Fact{Name: "program", Value: fmt.Sprintf("simulate %s, %s, %s/%s, %d processors", d.Environment.Version, d.Environment.Go, d.Environment.OS, d.Environment.Arch, d.Environment.CPUs)})
	p.Facts = append(p.Facts, fact("saved in", d.Directory)...)
	return p
}

// trustSection says with what the store can be trusted.
func (d *Diagnosed) trustSection() page.Section {
	table := page.Table{Caption: "What this core, or somebody else, can rely on", Columns: withVerdicts(columns("of", "verdict"), 1)}
	for _, of := range []struct {
		name  string
		level doctor.Level
	}{{"writes", d.Writes}, {"reads", d.Reads}, {"conditional deletes", d.Deletes}} {
		table.Rows = append(table.Rows, []string{of.name, levelWord(of.level)})
	}
	return page.Section{ID: "trust", Title: "What it can be trusted with", Blocks: []page.Block{table}}
}

func (d *Diagnosed) racesSection() page.Section {
	s := page.Section{ID: "races", Title: "Races"}
	if len(d.Races) == 0 {
		return s
	}
	table := page.Table{
		Caption: "How often a promise was broken when several called at once. The rate of bad races is below the bound with 95 % confidence (Clopper and Pearson).",
		Columns: withVerdicts(columns("race", "verdict", "#bad", "#of", "#wanted", "#rate, 95 %", "#first bad", "#took (s)", "what"), 1),
	}
	alike := raceSettings(d.Races)
	if alike != "" {
		table.Caption += fmt.Sprintf(" A race had %s callers, and bodies of %s.", writersOf(&d.Races[0]), bodiesOf(&d.Races[0]))
	} else {
		table.Columns = append(table.Columns, columns("callers", "bodies")...)
	}
	for i := range d.Races {
		r := &d.Races[i]
		first, what := "–", r.Inconclusive
		if r.Bad > 0 {
			first, what = fmt.Sprint(r.FirstBad), strings.Trim(fmt.Sprintf("%s: %s; %s", r.Kind, r.Seen, r.Inconclusive), "; ")
		}
		row := []string{r.Name, raceVerdict(r), units.Thousands(r.Bad), units.Thousands(r.Races), units.Thousands(r.Wanted), boundOf(r), first, formatNumber(r.Seconds), what}
		if alike == "" {
			row = append(row, writersOf(r), bodiesOf(r))
		}
		table.Rows = append(table.Rows, row)
	}
	s.Blocks = append(s.Blocks, table)
	return s
}

func raceVerdict(r *doctor.Race) string {
	switch {
	case r.Bad > 0 && storefault.Of(r.Kind).Severity == storefault.Unsafe:
		return "unsafe"
	case r.Bad > 0:
		return "with limits"
	case r.Inconclusive != "" || r.Races == 0:
		return "not known"
	}
	return "ok"
}

// rowsSection has every promise that was tried alone, those that differ from S3's first.
func (d *Diagnosed) rowsSection() page.Section {
	s := page.Section{ID: "promises", Title: "Promises, tried alone"}
	if len(d.Rows) == 0 {
		return s
	}
	rows := slices.Clone(d.Rows)
	slices.SortStableFunc(rows, func(a, b doctor.Row) int {
		return cmp.Or(cmp.Compare(gravity(&b), gravity(&a)), cmp.Compare(btoi(a.OK), btoi(b.OK)))
	})
	table := page.Table{
		Caption: fmt.Sprintf("%s, each tried once", Plural(len(rows), "promise")),
		Columns: withVerdicts(columns("promise", "verdict", "here", "S3", "what it means"), 1),
	}
	for i := range rows {
		table.Rows = append(table.Rows, []string{rows[i].Name, rowVerdict(&rows[i]), rows[i].Here, rows[i].AWS, rows[i].Means})
	}
	s.Blocks = append(s.Blocks, table)
	return s
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func rowVerdict(r *doctor.Row) string {
	switch {
	case r.OK:
		return "ok"
	case r.Inconclusive:
		return "not known"
	case r.Kind == "":
		return "differs"
	case storefault.Of(r.Kind).Severity == storefault.Unsafe:
		return "unsafe"
	}
	return "with limits"
}

// proofsSection has the HTTP by which each deviation can be seen again.
func (d *Diagnosed) proofsSection() page.Section {
	s := page.Section{ID: "proofs", Title: "How to see it again", Folded: true, Detail: true}
	for _, r := range d.Rows {
		if r.Reproduction != "" {
			s.Blocks = append(s.Blocks, page.Code{Title: r.Name, Text: r.Reproduction})
		}
	}
	for _, r := range d.Races {
		if r.Reproduction != "" {
			s.Blocks = append(s.Blocks, page.Code{Title: "race " + r.Name, Text: r.Reproduction})
		}
	}
	return s
}
