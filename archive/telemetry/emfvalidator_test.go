package telemetry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// emfRead is what CloudWatch makes of lines.
type emfRead struct {
	sum     map[string]float64
	samples map[string]int
}

// validateEMF holds lines against the specification of the embedded metric format.
func validateEMF(t *testing.T, lines string) emfRead {
	t.Helper()
	read := emfRead{map[string]float64{}, map[string]int{}}
	if lines != "" && !strings.HasSuffix(lines, "\n") {
		t.Error("the last line has no end")
	}
	for line := range strings.Lines(lines) {
		if err := read.add(strings.TrimSuffix(line, "\n")); err != nil {
			t.Errorf("%v: %.300s", err, line)
		}
	}
	return read
}

// The limits of the specification.
const (
	mostBytes      = 256 << 10 // of an event; newer limits are wider
	mostDimensions = 30
	mostMetrics    = 100
	longestName    = 1024
)

// units are those of CloudWatch.
var units = strings.Fields(`Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes
	Bits Kilobits Megabits Gigabits Terabits Percent Count Bytes/Second Kilobytes/Second Megabytes/Second
	Gigabytes/Second Terabytes/Second Bits/Second Kilobits/Second Megabits/Second Gigabits/Second
	Terabits/Second Count/Second None`)

func (r emfRead) add(line string) error {
	if len(line) > mostBytes {
		return fmt.Errorf("%d bytes", len(line))
	}
	dec := json.NewDecoder(strings.NewReader(line))
	dec.UseNumber()
	value, err := decodeStrictly(dec)
	if err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("data after the object")
	}
	root, ok := value.(map[string]any)
	if !ok {
		return errors.New("the root is no object")
	}
	aws, err := object(root["_aws"], "CloudWatchMetrics", "Timestamp")
	if err != nil {
		return fmt.Errorf("_aws: %w", err)
	}
	stamp, ok := aws["Timestamp"].(json.Number)
	if ms, err := stamp.Int64(); !ok || err != nil || ms < 1e12 || ms > 1e13 {
		return fmt.Errorf("the timestamp %v is no number of milliseconds", aws["Timestamp"])
	}
	directives, ok := aws["CloudWatchMetrics"].([]any)
	if !ok || len(directives) == 0 {
		return errors.New("no directives")
	}
	for _, d := range directives {
		if err := r.directive(root, d); err != nil {
			return err
		}
	}
	return nil
}

func (r emfRead) directive(root map[string]any, value any) error {
	d, err := object(value, "Dimensions", "Metrics", "Namespace")
	if err != nil {
		return fmt.Errorf("directive: %w", err)
	}
	if err := name(d["Namespace"]); err != nil {
		return fmt.Errorf("namespace: %w", err)
	}
	sets, ok := d["Dimensions"].([]any)
	if !ok || len(sets) == 0 {
		return errors.New("no dimension sets")
	}
	for _, s := range sets {
		set, ok := s.([]any)
		if !ok || len(set) > mostDimensions {
			return fmt.Errorf("dimension set %v", s)
		}
		for _, key := range set {
			if err := name(key); err != nil {
				return fmt.Errorf("dimension: %w", err)
			}
			if err := name(root[key.(string)]); err != nil {
				return fmt.Errorf("target of dimension %s: %w", key, err)
			}
		}
	}
	metrics, ok := d["Metrics"].([]any)
	if !ok || len(metrics) == 0 || len(metrics) > mostMetrics {
		return fmt.Errorf("%d metrics", len(metrics))
	}
	var names []string
	for _, m := range metrics {
		metric, err := object(m, "Name", "Unit")
		if err != nil {
			return fmt.Errorf("metric: %w", err)
		}
		if err := name(metric["Name"]); err != nil {
			return fmt.Errorf("metric: %w", err)
		}
		n := metric["Name"].(string)
		if slices.Contains(names, n) {
			return fmt.Errorf("%s is defined twice", n)
		}
		names = append(names, n)
		if unit, _ := metric["Unit"].(string); !slices.Contains(units, unit) {
			return fmt.Errorf("%s has the unit %v", n, metric["Unit"])
		}
		if err := r.target(n, root[n]); err != nil {
			return fmt.Errorf("target of %s: %w", n, err)
		}
	}
	return nil
}

func (r emfRead) target(name string, value any) error {
	values, many := value.([]any)
	if !many {
		values = []any{value}
	}
	if len(values) == 0 || len(values) > mostValues {
		return fmt.Errorf("%d values", len(values))
	}
	for _, v := range values {
		n, ok := v.(json.Number)
		f, err := n.Float64()
		if !ok || err != nil {
			return fmt.Errorf("%v is no number", v)
		}
		r.sum[name] += f
		r.samples[name]++
	}
	return nil
}

// object checks that a value is an object of exactly these members, all that the
// format defines and that are used here.
func object(value any, members ...string) (map[string]any, error) {
	o, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%v is no object", value)
	}
	for _, m := range members {
		if _, there := o[m]; !there {
			return nil, fmt.Errorf("%s is missing", m)
		}
	}
	if len(o) != len(members) {
		return nil, fmt.Errorf("other members than %v", members)
	}
	return o, nil
}

// name checks the text of a name or of a dimension's value.
func name(value any) error {
	s, ok := value.(string)
	if !ok || s == "" || len(s) > longestName {
		return fmt.Errorf("%v is no text of 1 to %d bytes", value, longestName)
	}
	return nil
}

// decodeStrictly refuses objects with two members of one name.
func decodeStrictly(dec *json.Decoder) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := map[string]any{}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			if _, twice := o[key.(string)]; twice {
				return nil, fmt.Errorf("%s is there twice", key)
			}
			if o[key.(string)], err = decodeStrictly(dec); err != nil {
				return nil, err
			}
		}
		_, err = dec.Token()
		return o, err
	case json.Delim('['):
		a := []any{}
		for dec.More() {
			v, err := decodeStrictly(dec)
			if err != nil {
				return nil, err
			}
			a = append(a, v)
		}
		_, err = dec.Token()
		return a, err
	}
	return token, nil
}

// TestTheValidatorIsStrict: a check that was never seen to fail is no check.
func TestTheValidatorIsStrict(t *testing.T) {
	const good = `{"service":"x","N":[1,2],"_aws":{"Timestamp":1772366400123,"CloudWatchMetrics":[{"Namespace":"H","Dimensions":[["service"]],"Metrics":[{"Name":"N","Unit":"Count"}]}]}}`
	fresh := func() emfRead { return emfRead{map[string]float64{}, map[string]int{}} }
	if err := fresh().add(good); err != nil {
		t.Fatal(err)
	}
	many := strings.Repeat("1,", 100) + "1"
	for _, change := range [][2]string{
		{`"service":"x"`, `"service":1`},
		{`"service":"x"`, `"service":""`},
		{`"service":"x"`, `"service":"x","service":"x"`},
		{`"service":"x",`, ``},
		{`[1,2]`, `[]`},
		{`[1,2]`, `["1"]`},
		{`[1,2]`, `null`},
		{`[1,2]`, `[[1]]`},
		{`[1,2]`, `[` + many + `]`},
		{`1772366400123`, `1772366400`},
		{`1772366400123`, `1772366400123.5`},
		{`1772366400123`, `"1772366400123"`},
		{`"Timestamp":1772366400123,`, ``},
		{`"Namespace":"H",`, ``},
		{`"Namespace":"H"`, `"Namespace":""`},
		{`"Namespace":"H"`, `"Namespace":"H","X":1`},
		{`[["service"]]`, `["service"]`},
		{`[["service"]]`, `[]`},
		{`"Unit":"Count"`, `"Unit":"count"`},
		{`"Unit":"Count"`, `"Unit":"Count","More":1`},
		{`{"Name":"N","Unit":"Count"}`, ``},
		{`{"Name":"N","Unit":"Count"}`, `{"Name":"N","Unit":"Count"},{"Name":"N","Unit":"Count"}`},
		{`"Name":"N"`, `"Name":"M"`},
		{`}}`, `}} {}`},
	} {
		if bad := strings.Replace(good, change[0], change[1], 1); fresh().add(bad) == nil {
			t.Errorf("accepted: %s", bad)
		}
	}
}
