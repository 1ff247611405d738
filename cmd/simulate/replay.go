package main

import (
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"holdfast/reports"
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
		c.args = append(c.args, "--"+flag, reports.ShellWord(v))
	}
}

func (c *commandLine) String() string { return strings.Join(c.args, " ") }

// flag adds one that was given, with its value or, of a list, each of them: no list has
// any by default.
func (c *commandLine) flag(f *pflag.Flag) {
	var values []string
	if list, ok := f.Value.(pflag.SliceValue); ok {
		values = list.GetSlice()
	} else if c.changed(f.Name) {
		values = []string{f.Value.String()}
	}
	for _, v := range values {
		switch {
		case f.Value.Type() != "bool":
			c.all(f.Name, []string{v})
		case v == "true":
			c.args = append(c.args, "--"+f.Name)
		default:
			c.args = append(c.args, "--"+f.Name+"="+v)
		}
	}
}

// replay is the command that runs the same again.
func (o runOptions) replay(name string, changed func(string) bool) string {
	c := o.again("simulate run", name, changed, "world", "core", "policy", "document", "layout", "clients", "operations", "duration", "runs", "repetition",
		"store", "endpoint", "path-style", "skip-check", "latency", "fault", "codec", "via", "schedule", "set", "threshold")
	c.all("seed", []string{strconv.FormatUint(o.seed, 10)})
	return c.String()
}
