package reports

import (
	"fmt"
	"io"
	"strings"

	"holdfast/reports/page"
)

// toneOf is how a document of a class is to be taken.
func toneOf(c Class) page.Tone {
	switch c {
	case Passed:
		return page.Good
	case Inconclusive, Cut:
		return page.Doubt
	}
	return page.Bad
}

// columns are those of a table, of which numbers have a name that begins with "#".
func columns(names ...string) []page.Column {
	all := make([]page.Column, len(names))
	for i, name := range names {
		all[i].Name, all[i].Number = strings.CutPrefix(name, "#")
	}
	return all
}

// withVerdicts marks columns as holding verdicts.
func withVerdicts(all []page.Column, numbers ...int) []page.Column {
	for _, n := range numbers {
		all[n].Verdict = true
	}
	return all
}

// drawn is a figure, or why there is none: not everything that can be measured can be drawn.
func drawn(f page.Figure, err error) page.Block {
	if err == nil {
		err = f.Drawing.WriteElement(io.Discard, 600)
	}
	if err != nil {
		return page.Prose(fmt.Sprintf("%s: no chart, as %v.", f.Title, err))
	}
	return f
}

// again is the advice to play something once more.
func again(text, command string) []page.Advice {
	if command == "" {
		return nil
	}
	return []page.Advice{{Text: text, Command: command}}
}

// fact is one if there is something to say.
func fact(name, value string) page.Facts {
	if value == "" {
		return nil
	}
	return page.Facts{{Name: name, Value: value}}
}
