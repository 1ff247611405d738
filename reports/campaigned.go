package reports

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast/archive/redact"
	"holdfast/reports/page"
	"holdfast/scenarios/campaign"
	"holdfast/scenarios/units"
)

// CampaignSchema names the document of how far a campaign is.
const CampaignSchema = "simulate.campaign/v1"

// CampaignFile is the name of the document in the directory of a result that many machines have
// played: the result itself does not tell, it is that of one machine.
const CampaignFile = "campaign.json"

// Campaigned is how far a campaign is.
type Campaigned struct {
	Schema  string `json:"schema"`
	Passed  bool   `json:"passed"` // all of it is published
	Prefix  string `json:"prefix"`
	Command string `json:"command"` // that plays the same on one machine
	Program string `json:"program"` // that may play it
	Stopped bool   `json:"stopped"`
	// Begun says of a load that it goes on or is over: what is silent or missing then is lost.
	Begun bool `json:"begun,omitempty"`
	// Disputed is how determinism was lost; empty: it was not.
	Disputed string `json:"disputed,omitempty"`
	Stage    string `json:"stage,omitempty"` // that is being played, of a campaign that goes by stages
	// Units of the stage: those that are published, those that workers have complete, and all.
	Published int `json:"units_published"`
	Complete  int `json:"units_complete"`
	Units     int `json:"units"`
	// Shards by their state, each shard in one.
	Shards  int    `json:"shards"`
	Done    Shards `json:"done"`
	Running Shards `json:"running"`
	Silent  Shards `json:"silent"`
	Missing Shards `json:"missing"`
	// PerSecond are the units that those who are running play; 0: not known.
	PerSecond float64 `json:"units_per_second"`
	// LeftMS is how long they will take for the rest; 0: not known, or nothing is left.
	LeftMS float64 `json:"left_ms"`
	// Clock: the store tells the time. If it does not, a worker that has died last of all seems to run.
	Clock   bool             `json:"clock"`
	Workers []CampaignWorker `json:"workers"` // that are running; of many, some
	// Next is the command that goes on; empty: there is nothing to be played or merged.
	Next string `json:"next,omitempty"`
}

// Shards are the numbers of some.
type Shards struct {
	Count int `json:"count"`
	// Index names them as the flag of that name reads them, such as 3,7-9; empty: there are none.
	Index string `json:"index"`
}

// CampaignWorker is one who is at work.
type CampaignWorker struct {
	Shard    int    `json:"shard"`
	Attempt  int    `json:"attempt"`
	Host     string `json:"host"`
	PID      int    `json:"pid"`
	Complete int    `json:"units_complete"`
	Units    int    `json:"units"` // of the shard
}

// NewCampaigned describes how far a campaign is; next is the command that goes on.
func NewCampaigned(c *campaign.Campaign, s *campaign.Status) Campaigned {
	d := Campaigned{
		Schema: CampaignSchema, Passed: s.Done == len(s.Shards), Prefix: c.Name(), Command: CommandOf(&c.Plan), Program: c.Plan.Program, Stopped: s.Stopped,
		Stage: strings.Trim(string(s.Stage), "/"), Published: s.Published, Complete: s.Complete, Units: s.Units, Shards: len(s.Shards),
		PerSecond: s.PerSecond, LeftMS: float64(s.Left) / float64(time.Millisecond), Clock: s.Clock, Workers: []CampaignWorker{},
	}
	if s.Disputed != nil {
		d.Passed, d.Disputed = false, redact.Text(printable(s.Disputed.Error()))
	}
	by := map[campaign.State][]int{}
	for i := range s.Shards {
		by[s.Shards[i].State] = append(by[s.Shards[i].State], s.Shards[i].Shard)
	}
	d.Done, d.Running = shardsOf(by[campaign.Done]), shardsOf(by[campaign.Running])
	d.Silent, d.Missing = shardsOf(by[campaign.Silent]), shardsOf(by[campaign.Missing])
	for _, w := range s.Workers {
		d.Workers = append(d.Workers, CampaignWorker{w.Shard, w.Attempt, printable(w.Host), w.PID, w.Complete, w.Units})
	}
	return d
}

// CommandOf is the command that plays what is planned on one machine.
func CommandOf(p *campaign.Plan) string {
	words := []string{"simulate"}
	for _, word := range p.Command {
		words = append(words, ShellWord(printable(word)))
	}
	return redact.Text(strings.Join(words, " "))
}

func shardsOf(numbers []int) Shards {
	return Shards{len(numbers), strings.Join(units.Ranges(numbers), ",")}
}

// mostRanges of shards are named; of more, how many shards there are.
const mostRanges = 8

// few names the shards, or the first of them and how many there are.
func (s Shards) few() string {
	all := strings.Split(s.Index, ",")
	if len(all) <= mostRanges {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and more, %s in all", strings.Join(all[:mostRanges], ", "), units.Thousands(s.Count))
}

// Few are shards for a sentence: all of them, or the first ones and how many there are.
func Few(numbers []int) string { return shardsOf(numbers).few() }

// Class implements [Document]: how far a campaign is says nothing of what it shows.
func (c Campaigned) Class() Class { return Passed }

func (c Campaigned) word() string {
	switch {
	case c.Disputed != "":
		return "DISPUTED"
	case c.Passed:
		return "COMPLETE"
	case c.Stopped:
		return "STOPPED"
	case c.Running.Count > 0:
		return "RUNNING"
	}
	return "INCOMPLETE"
}

func (c Campaigned) line() string {
	if c.Units == 0 && !c.Passed {
		return fmt.Sprintf("%s: nothing was played yet", c.Prefix)
	}
	more := ""
	if n := c.Complete - c.Published; n > 0 {
		more = fmt.Sprintf(", %s more played", units.Thousands(n))
	}
	return fmt.Sprintf("%s: %s of %s units published (%s %%)%s", c.Prefix, units.Thousands(c.Published), units.Thousands(c.Units), c.percent(), more)
}

// percent is rounded down: what is not complete is not 100.
func (c Campaigned) percent() string { return strconv.Itoa(100 * c.Published / max(c.Units, 1)) }

// Brief implements [Document].
func (c Campaigned) Brief(t Text) { t.brief(c.word(), c.line()) }

// Text implements [Document].
func (c Campaigned) Text(t Text) {
	t.head(c.word(), c.line())
	for _, f := range c.facts() {
		t.wrapped(f.Name, f.Value)
	}
	if c.Next != "" {
		t.row("go on", c.Next) // never wrapped: it is there to be copied
	}
}

// facts are what there is to say beside the verdict.
func (c Campaigned) facts() page.Facts {
	var states []string
	for _, s := range []struct {
		name string
		of   Shards
	}{{"done", c.Done}, {"running", c.Running}, {"silent", c.Silent}, {"missing", c.Missing}} {
		if s.of.Count > 0 {
			states = append(states, units.Thousands(s.of.Count)+" "+s.name)
		}
	}
	all := page.Facts{{Name: "plays", Value: c.Command}, {Name: "shards", Value: units.Thousands(c.Shards) + ": " + strings.Join(states, ", ")}}
	if c.Disputed != "" {
		all = append(all, page.Fact{Name: "disputed", Value: c.Disputed})
	}
	if c.Stage != "" {
		all = append(all, page.Fact{Name: "stage", Value: c.Stage})
	}
	if c.Running.Count > 0 {
		all = append(all, page.Fact{Name: "running", Value: c.Running.few()})
	}
	silent, missing := "to be started again", "nobody is at work on them"
	if c.Begun {
		silent = "lost; a load is not played again, and merge judges what was recorded"
		missing = "their workers have ended; a load is not played again, and merge judges what was recorded"
	}
	if c.Silent.Count > 0 {
		all = append(all, page.Fact{Name: "silent", Value: c.Silent.few() + ": no heartbeat for a minute, so they are " + silent})
	}
	if c.Missing.Count > 0 {
		all = append(all, page.Fact{Name: "missing", Value: c.Missing.few() + ": " + missing})
	}
	if c.Stopped {
		all = append(all, page.Fact{Name: "stopped", Value: "workers publish what they have, and end; those that begin now end at once"})
	}
	if left := time.Duration(c.LeftMS * float64(time.Millisecond)); c.PerSecond > 0 && !c.Passed {
		all = append(all, page.Fact{Name: "left", Value: fmt.Sprintf("about %v, by those who are running (%s units/s)", left.Round(time.Second), formatNumber(c.PerSecond))})
	}
	if !c.Clock && c.Running.Count > 0 {
		all = append(all, page.Fact{Name: "note", Value: "the store does not tell the time: a worker that has died last of all seems to run"})
	}
	return all
}

// Page tells it to who was not there.
func (c Campaigned) Page() page.Page {
	p := page.Page{
		Title: "campaign " + c.Prefix, Verdict: c.word(), Tone: page.Doubt, Lead: c.line() + ".",
		Advice: again("Go on with it:", c.Next),
	}
	if c.Passed {
		p.Tone = page.Good
	}
	blocks := []page.Block{c.facts()}
	if len(c.Workers) > 0 {
		table := page.Table{Caption: "Workers that are running; of many, some", Columns: columns("#shard", "#attempt", "host", "#pid", "#units complete", "#of")}
		for _, w := range c.Workers {
			table.Rows = append(table.Rows, []string{strconv.Itoa(w.Shard), strconv.Itoa(w.Attempt), w.Host, strconv.Itoa(w.PID), units.Thousands(w.Complete), units.Thousands(w.Units)})
		}
		blocks = append(blocks, table)
	}
	p.Sections = []page.Section{{ID: "campaign", Title: "How far it is", Blocks: blocks}}
	return p
}
