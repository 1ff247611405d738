package main

import "strconv"

// scenario is what is tuned, with the flags that "simulate run" has too.
func (o *tuneOptions) scenario(name string, changed func(string) bool) commandLine {
	c := commandLine{[]string{quoteShell(name)}, changed}
	c.add("core", o.run.core)
	c.add("document", o.run.document)
	c.add("layout", o.run.layout)
	c.add("clients", strconv.Itoa(o.run.clients))
	c.add("operations", strconv.Itoa(o.run.operations))
	c.add("duration", o.run.duration.String())
	c.add("latency", o.run.latency)
	c.add("via", o.run.via)
	c.all("fault", o.run.faults)
	c.all("set", o.run.sets)
	return c
}

// replay is the command that searches the same again.
func (o *tuneOptions) replay(name string, changed func(string) bool, evaluations int) string {
	c := o.scenario(name, changed)
	c.add("codec", o.run.codec)
	c.add("objective", o.objective)
	c.add("incumbent", o.incumbent)
	if o.capacity {
		c.args = append(c.args, "--capacity")
	}
	if o.confirm {
		c.args = append(c.args, "--confirm")
	}
	c.add("confirm-runs", strconv.Itoa(o.confirmRuns))
	c.all("evaluations", []string{strconv.Itoa(evaluations)})
	c.all("seed", []string{strconv.FormatUint(o.run.seed, 10)})
	return "simulate tune " + c.String()
}
