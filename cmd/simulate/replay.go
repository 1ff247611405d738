package main

import (
	"strconv"
	"strings"
)

// commandLine is one to be pasted into a shell.
type commandLine struct {
	args    []string
	changed func(flag string) bool // whether a flag was given
}

// add adds a flag that was given.
func (c *commandLine) add(flag, value string) {
	if c.changed(flag) {
		c.all(flag, []string{value})
	}
}

// all adds a flag with each of the values.
func (c *commandLine) all(flag string, values []string) {
	for _, v := range values {
		c.args = append(c.args, "--"+flag, quoteShell(v))
	}
}

func (c *commandLine) String() string { return strings.Join(c.args, " ") }

// replay is the command that runs the same again.
func (o runOptions) replay(name string, changed func(string) bool) string {
	c := commandLine{[]string{"simulate run", quoteShell(name)}, changed}
	c.add("world", o.world)
	c.add("core", o.core)
	c.add("policy", o.policy)
	c.add("document", o.document)
	c.add("layout", o.layout)
	c.add("clients", strconv.Itoa(o.clients))
	c.add("operations", strconv.Itoa(o.operations))
	c.add("duration", o.duration.String())
	c.add("runs", strconv.Itoa(o.runs))
	c.add("store", o.store)
	c.add("endpoint", o.endpoint)
	c.add("path-style", o.pathStyle.String())
	c.add("latency", o.latency)
	c.all("fault", o.faults)
	c.add("codec", o.codec)
	c.add("via", o.via)
	c.add("schedule", o.schedule)
	c.all("set", o.sets)
	c.all("threshold", o.thresholds)
	c.all("seed", []string{strconv.FormatUint(o.seed, 10)})
	return c.String()
}

func quoteShell(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\n'\"\\$`()<>|&;*?[]{}#~!") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
