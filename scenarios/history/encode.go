package history

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// appendEvent appends an event's line as encoding/json writes it (a test holds
// the two together), several times faster: what recording costs is taken from
// the throughput that a run measures.
func appendEvent(b []byte, e *Event) []byte {
	b = append(b, `{"e":`...)
	b = appendString(b, string(e.Kind))
	b = number(b, `,"start_ns":`, e.Start)
	b = append(b, `,"at_ns":`...)
	b = strconv.AppendInt(b, e.At, 10)
	b = text(b, `,"actor":`, e.Actor)
	b = number(b, `,"op":`, int64(e.Op))
	b = text(b, `,"key":`, e.Key)
	b = number(b, `,"clock":`, int64(e.Clock))
	b = number(b, `,"repetition":`, int64(e.Repetition))
	b = text(b, `,"do":`, e.Do)
	b = number(b, `,"due_ns":`, e.Due)
	b = number(b, `,"give_up_ns":`, e.GiveUp)
	b = texts(b, `,"ids":`, e.IDs)
	b = texts(b, `,"sets":`, e.Sets)
	b = text(b, `,"base":`, e.Base)
	b = sums(b, `,"entries":`, e.Entries)
	b = appendValues(b, e.Values)
	b = sum(b, `,"whole":`, e.Whole)
	b = text(b, `,"once":`, e.Once)
	b = text(b, `,"through":`, e.Through)
	if e.Invalid {
		b = append(b, `,"invalid":true`...)
	}
	b = text(b, `,"step":`, e.Step)
	b = text(b, `,"trigger":`, e.Trigger)
	b = text(b, `,"worked":`, e.Worked)
	b = text(b, `,"covers":`, e.Covers)
	b = texts(b, `,"customers":`, e.Customers)
	b = number(b, `,"asked_ns":`, e.Asked)
	b = text(b, `,"if":`, e.If)
	b = text(b, `,"if_etag":`, e.IfETag)
	b = text(b, `,"answer":`, e.Answer)
	b = text(b, `,"etag":`, e.ETag)
	if e.Doc != nil {
		b = append(b, `,"doc":`...)
		b = appendDoc(b, e.Doc)
	}
	b = text(b, `,"fault":`, e.Fault)
	b = text(b, `,"means":`, e.Means)
	b = number(b, `,"requests":`, int64(e.Requests))
	b = number(b, `,"retry_after_ns":`, e.RetryAfter)
	b = text(b, `,"carried":`, e.Carried)
	b = number(b, `,"wait_ns":`, e.Wait)
	b = number(b, `,"attempt":`, int64(e.Attempt))
	b = text(b, `,"outcome":`, e.Outcome)
	b = texts(b, `,"fields":`, e.Fields)
	b = number(b, `,"status":`, int64(e.Status))
	b = texts(b, `,"told":`, e.Told)
	if e.Shown {
		b = append(b, `,"shown":true`...)
	}
	b = number(b, `,"count":`, int64(e.Count))
	if e.Expected != nil {
		b = appendAny(append(b, `,"expected":`...), e.Expected) // rare
	}
	if e.Omitted != nil {
		b = appendAny(append(b, `,"omitted":`...), e.Omitted) // once in a history
	}
	b = text(b, `,"text":`, e.Text)
	if e.Interrupted {
		b = append(b, `,"interrupted":true`...)
	}
	return append(b, '}')
}

func appendDoc(b []byte, d *Doc) []byte {
	b = append(b, `{"n":`...)
	b = strconv.AppendInt(b, int64(d.N), 10)
	b = append(b, `,"sum":`...)
	b = appendSum(b, d.Sum)
	b = append(b, `,"fields":`...)
	b = appendSum(b, d.Fields)
	b = text(b, `,"of":`, d.Of)
	b = number(b, `,"keep":`, int64(d.Keep))
	b = texts(b, `,"add":`, d.Add)
	for i, s := range d.Set {
		if i == 0 {
			b = append(b, `,"set":[`...)
		} else {
			b = append(b, ',')
		}
		b = append(b, `{"field":`...)
		b = appendString(b, s.Field)
		b = append(b, `,"was":`...)
		b = appendString(b, s.Was)
		b = append(b, `,"now":`...)
		b = appendString(b, s.Now)
		b = sum(b, `,"sum":`, s.Sum)
		b = append(b, '}')
	}
	if len(d.Set) > 0 {
		b = append(b, ']')
	}
	b = sums(b, `,"entries":`, d.Entries)
	b = appendHolds(b, d.Holds)
	b = sum(b, `,"whole":`, d.Whole)
	if d.Moved {
		b = append(b, `,"moved":true`...)
	}
	b = text(b, `,"bad":`, d.Bad)
	return append(b, '}')
}

func appendValues(b []byte, values []Value) []byte {
	for i := range values {
		v := &values[i]
		if i == 0 {
			b = append(b, `,"values":[`...)
		} else {
			b = append(b, ',')
		}
		b = append(b, '{')
		start := len(b)
		b = sum(b, `,"sum":`, v.Sum)
		b = sum(b, `,"was":`, v.Was)
		b = text(b, `,"text":`, v.Text)
		if len(b) > start { // no comma before the first
			b = append(b[:start], b[start+1:]...)
		}
		b = append(b, '}')
	}
	if len(values) > 0 {
		b = append(b, ']')
	}
	return b
}

func appendHolds(b []byte, holds []Held) []byte {
	for i := range holds {
		if i == 0 {
			b = append(b, `,"holds":[`...)
		} else {
			b = append(b, ',')
		}
		b = append(b, `{"field":`...)
		b = appendString(b, holds[i].Field)
		b = append(sum(b, `,"sum":`, holds[i].Sum), '}')
	}
	if len(holds) > 0 {
		b = append(b, ']')
	}
	return b
}

// number, sum, text and texts append a field unless it is zero.

func number(b []byte, name string, n int64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, name...), n, 10)
}

func text(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	return appendString(append(b, name...), s)
}

func sum(b []byte, name string, s Sum) []byte {
	if s == 0 {
		return b
	}
	return appendSum(append(b, name...), s)
}

func sums(b []byte, name string, all []Sum) []byte {
	if len(all) == 0 {
		return b
	}
	b = append(b, name...)
	for i, s := range all {
		b = appendSum(append(b, "[,"[min(i, 1)]), s)
	}
	return append(b, ']')
}

func texts(b []byte, name string, all []string) []byte {
	if len(all) == 0 {
		return b
	}
	b = append(b, name...)
	for i, s := range all {
		b = append(b, "[,"[min(i, 1)])
		b = appendString(b, s)
	}
	return append(b, ']')
}

func appendSum(b []byte, s Sum) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[s>>shift&15])
	}
	return append(b, '"')
}

// appendString quotes a string. Only plain ones are done here.
func appendString(b []byte, s string) []byte {
	start := len(b)
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(append(b, s[from:i]...), '\\')
			from = i
		case c < ' ' || c >= 0x80:
			return appendOddString(b[:start], s)
		}
	}
	return append(append(b, s[from:]...), '"')
}

func appendOddString(b []byte, s string) []byte { return appendAny(b, s) }

// appendAny appends what encoding/json makes of a string or of numbers and strings.
func appendAny(b []byte, v any) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // these always encode
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}
