package reports

import (
	"bytes"
	"fmt"
	"io"
	"testing"
)

// large are documents that are as large as any will be: many runs told together, and a sweep
// of many points.
func large() map[string]Document {
	runs := NewResult(NewEnvironment(nil))
	for i := range 1000 {
		r := passed()
		if i%10 == 0 {
			r = brokenRun()
		}
		r.Scenario = fmt.Sprintf("scenario-%d", i)
		runs.Runs = append(runs.Runs, r)
	}
	s := swept()
	s.Vary[1].Values, s.Points, s.Planned = nil, nil, 0
	for i := range 5000 {
		clients := fmt.Sprint(i + 1)
		s.Vary[1].Values = append(s.Vary[1].Values, clients)
	}
	for _, policy := range s.Vary[0].Values {
		for i, clients := range s.Vary[1].Values {
			s.Points = append(s.Points, sweptPoint(policy, clients, float64(i), 0))
			s.Planned++
		}
	}
	return map[string]Document{"1,000 runs": runs, "10,000 points": Swept{&s}}
}

// mostPageBytes is how large a page may be, whatever it is of.
const mostPageBytes = 2 << 20

func TestPagesStaySmall(t *testing.T) {
	for name, d := range large() {
		text := formatted(t, "json", d)
		read, err := Decode([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, format := range []string{"html", "markdown"} {
			var b bytes.Buffer
			if err := Formats[format](&b, read, false); err != nil || b.Len() > mostPageBytes {
				t.Errorf("%s as %s: %d bytes of %d, %v", name, format, b.Len(), len(text), err)
			}
		}
	}
}

// BenchmarkReport reads a large document and tells it.
func BenchmarkReport(b *testing.B) {
	for name, d := range large() {
		text := []byte(formatted(b, "json", d))
		for _, format := range []string{"text", "html"} {
			b.Run(name+" as "+format, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					d, err := Decode(text)
					if err == nil {
						err = Formats[format](io.Discard, d, false)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
