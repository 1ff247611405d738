package reports

import (
	"fmt"
	"net/url"
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
	fmt.Fprintf(t.W, "# %s\n\n", d.issueTitle())
	fmt.Fprintf(t.W, "%s\n\n", markdownTable(table.Row{"", ""}, []table.Row{
		{"server", d.serverNamed()},
		{"verdict", fmt.Sprintf("%s for optimistic locking (writes: %s; reads: %s; conditional deletes: %s)",
			strings.ToLower(d.word()), levelWord(d.Writes), levelWord(d.Reads), levelWord(d.Deletes))},
		{"found by", fmt.Sprintf("`simulate doctor`, version %s, %s on %s/%s, %s%s",
			d.Environment.Version, d.Environment.Go, d.Environment.OS, d.Environment.Arch, Plural(d.Environment.CPUs, "processor"), d.processesInWords())},
		{"again", "`simulate doctor --store s3://BUCKET/PREFIX --endpoint URL`"},
		{"took", fmt.Sprintf("%s s on %s, %s", formatNumber(d.Seconds), d.Began.Format(time.DateOnly), Plural(d.Requests, "request"))},
	}))
	d.deviations(t)
	fmt.Fprint(t.W, "## All that was tried\n\n")
	var rows []table.Row
	for _, r := range d.Rows {
		rows = append(rows, table.Row{r.Name, r.Here, r.AWS, rowState(&r)})
	}
	fmt.Fprintf(t.W, "%s\n", markdownTable(table.Row{"promise", "here", "S3", ""}, rows))
	if len(d.Races) == 0 {
		return
	}
	rows = nil
	for _, r := range d.Races {
		rows = append(rows, table.Row{r.Name, writersOf(&r), bodiesOf(&r), badOf(&r), boundOf(&r), raceState(&r)})
	}
	fmt.Fprintf(t.W, "\n%s\n", markdownTable(table.Row{"race", "writers", "body", "bad", "rate, with 95 % confidence", ""}, rows))
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
func (d *Diagnosed) deviations(t Text) {
	where := d.anonymous()
	for _, r := range d.Rows {
		if r.OK || r.Inconclusive {
			continue
		}
		fmt.Fprintf(t.W, "## %s\n\nHere: %s. S3: %s. %s\n\n", r.Name, r.Here, r.AWS, r.Means)
		t.reproduction(where.Replace(r.Reproduction))
	}
	for _, r := range d.Races {
		if r.Bad == 0 {
			continue
		}
		fmt.Fprintf(t.W, "## Race: %s\n\n%s. %d of %d races were bad, the first of them number %d. In one: %s. %s\n\n", r.Name,
			capital(r.What), r.Bad, r.Races, r.FirstBad, strings.TrimSuffix(r.Seen, "."), r.Means)
		t.reproduction(where.Replace(r.Reproduction))
	}
}

// anonymous takes out of HTTP where the store is.
func (d *Diagnosed) anonymous() *strings.Replacer {
	_, place, _ := strings.Cut(d.Store, "://")
	bucket, prefix, _ := strings.Cut(strings.Trim(place, "/"), "/")
	var pairs []string
	for _, e := range d.Endpoints {
		if u, err := url.Parse(e.URL); err == nil && u.Host != "" {
			pairs = append(pairs, u.Host, "HOST")
		}
	}
	if bucket == "" { // the embedded S3's
		return strings.NewReplacer(pairs...)
	}
	pairs = append(pairs, "Host: "+bucket+".", "Host: BUCKET.")
	if prefix != "" {
		pairs = append(pairs, "/"+bucket+"/"+prefix+"/", "/BUCKET/PREFIX/", " /"+prefix+"/", " /PREFIX/", "prefix="+url.QueryEscape(prefix+"/"), "prefix=PREFIX%2F")
	}
	return strings.NewReplacer(append(pairs, "/"+bucket+"/", "/BUCKET/", " /"+bucket+"?", " /BUCKET?", " /"+bucket+" ", " /BUCKET ")...)
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
