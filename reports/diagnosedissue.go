package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"holdfast/scenarios/doctor"
)

// Markdown writes what the authors of the server need: what was seen, each deviation with the
// least HTTP that shows it, and with what it was found. Where the store is it does not say, so
// that it can be published.
func (d Diagnosed) Markdown(t Text) {
	where := d.anonymous()
	fmt.Fprintf(t.W, "# %s\n\n", d.issueTitle())
	fmt.Fprintf(t.W, "%s\n\n", markdownTable(table.Row{"", ""}, []table.Row{
		{"server", d.serverNamed()},
		{"verdict", fmt.Sprintf("%s (writes: %s; reads: %s; conditional deletes: %s)",
			d.verdictInWords(), levelWord(d.Writes), levelWord(d.Reads), levelWord(d.Deletes))},
		{"found by", fmt.Sprintf("`simulate doctor`, version %s, %s on %s/%s, %s%s",
			d.Environment.Version, d.Environment.Go, d.Environment.OS, d.Environment.Arch, Plural(d.Environment.CPUs, "processor"), d.processesInWords())},
		{"again", "`" + where(withoutFile.ReplaceAllString(d.Replay, "")) + "`"},
		{"tried", d.tried()},
		{"took", fmt.Sprintf("%s s on %s, %s", formatNumber(d.Seconds), d.Began.Format(time.DateOnly), Plural(d.Requests, "request"))},
	}))
	d.deviations(t, where)
	fmt.Fprint(t.W, "## All that was tried\n\n")
	var rows []table.Row
	for _, r := range d.Rows {
		rows = append(rows, table.Row{r.Name, where(r.Here), r.AWS, rowState(&r)})
	}
	fmt.Fprintf(t.W, "%s\n", markdownTable(table.Row{"promise", "here", "S3", ""}, rows))
	if len(d.Races) == 0 {
		return
	}
	rows = nil
	for _, r := range d.Races {
		rows = append(rows, table.Row{r.Name, writersOf(&r), bodiesOf(&r), badOf(&r), boundOf(&r), where(raceState(&r))})
	}
	fmt.Fprintf(t.W, "\n%s\n", markdownTable(table.Row{"race", "writers", "body", "bad", "rate, with 95 % confidence", ""}, rows))
}

// verdictInWords is the verdict, and of what form.
func (d *Diagnosed) verdictInWords() string {
	if d.Quick {
		return strings.ToLower(d.word()) + " for optimistic locking, by a quick look at writes"
	}
	return strings.ToLower(d.word()) + " for optimistic locking"
}

// tried says how much was tried.
func (d *Diagnosed) tried() string {
	races := 0
	for _, r := range d.Races {
		races += r.Races
	}
	tried := fmt.Sprintf("%s alone, %s of %s", Plural(len(d.Rows), "promise"), Plural(races, "race"), Plural(len(d.Races), "kind"))
	if d.Quick {
		tried += ": the quick form, which looks at writes"
	}
	return tried
}

// issueTitle says in a line what is wrong, the worst of it.
func (d *Diagnosed) issueTitle() string {
	found := d.findings()
	if len(found) == 0 {
		return "Conditional requests: no fault was found"
	}
	title := "Conditional requests: " + found[0].What
	if more := len(found) - 1; more > 0 {
		title += fmt.Sprintf(", and %d more", more)
	}
	return title
}

// serverNamed is the server by name and version, as far as they are known.
func (d *Diagnosed) serverNamed() string {
	if d.Server != "" {
		return d.Server
	}
	var names []string
	for _, e := range d.Endpoints {
		if e.Server != "" && !slices.Contains(names, e.Server) {
			names = append(names, e.Server)
		}
	}
	if len(names) == 0 {
		return "it does not say: please add its name and version"
	}
	return strings.Join(names, "; ") + " (as it says: please add its version)"
}

// deviations tells each row and race that went wrong, with its reproduction.
func (d *Diagnosed) deviations(t Text, where func(string) string) {
	for _, r := range d.Rows {
		if r.OK || r.Inconclusive {
			continue
		}
		fmt.Fprintf(t.W, "## %s\n\nHere: %s. S3: %s. %s\n\n", r.Name, where(r.Here), r.AWS, r.Means)
		t.reproduction(where(r.Reproduction))
	}
	for _, r := range d.Races {
		if r.Bad == 0 {
			continue
		}
		fmt.Fprintf(t.W, "## Race: %s\n\n%s. %d of %d races were bad, the first of them number %d. In one: %s. %s\n\n", r.Name,
			capital(r.What), r.Bad, r.Races, r.FirstBad, where(strings.TrimSuffix(r.Seen, ".")), r.Means)
		t.reproduction(where(r.Reproduction))
	}
}

// reproduction writes HTTP as a block of code. What a server sent can't end the block.
func (t Text) reproduction(http string) {
	if http == "" {
		return
	}
	fence := "```"
	for strings.Contains(http, fence) {
		fence += "`"
	}
	fmt.Fprintf(t.W, "%shttp\n%s\n%s\n\n", fence, strings.TrimRight(http, "\n"), fence)
}

// rowState is what came of a row, for a table.
func rowState(r *doctor.Row) string {
	switch {
	case r.OK:
		return "ok"
	case r.Inconclusive:
		return "not known"
	case r.Kind != "":
		return string(r.Kind)
	}
	return "differs"
}

// raceState is what came of a race, for a table.
func raceState(r *doctor.Race) string {
	switch {
	case r.Bad > 0 && r.Inconclusive != "":
		return fmt.Sprintf("%s; not known: %s", r.Kind, r.Inconclusive)
	case r.Bad > 0:
		return string(r.Kind)
	case r.Inconclusive != "":
		return "not known: " + r.Inconclusive
	}
	return "ok"
}

func markdownTable(header table.Row, rows []table.Row) string {
	w := table.NewWriter()
	w.AppendHeader(header)
	w.AppendRows(rows)
	return w.RenderMarkdown()
}
