package archive

import (
	"fmt"
	"testing"
)

func eachDocument(b *testing.B, run func(*testing.B, []byte)) {
	for _, id := range []string{"CHG-12345", "CHG-30030"} {
		b.Run(id, func(b *testing.B) {
			body := readTestdata(b, id)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			run(b, body)
		})
	}
}

func BenchmarkParseChange(b *testing.B) {
	eachDocument(b, func(b *testing.B, body []byte) {
		for b.Loop() {
			if _, err := ParseChange(body); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkApply(b *testing.B) {
	edit := Edit{Fields: fields("status", `"completed"`), Modifications: []Modification{mod("m1")}}
	eachDocument(b, func(b *testing.B, body []byte) {
		c := mustParse(b, string(body))
		for b.Loop() {
			if _, err := c.Apply(edit); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkAppend is a whole call: read, parse, apply, write.
func BenchmarkAppend(b *testing.B) {
	for _, id := range []string{"CHG-12345", "CHG-30030"} {
		b.Run(id, func(b *testing.B) {
			r := newRig(b, 3)
			key, _ := Key(id)
			body := readTestdata(b, id)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				r.store.objects[key], r.store.history = body, nil // the document must not grow
				if _, err := r.Append(b.Context(), id, Edit{Modifications: []Modification{mod(fmt.Sprint("m", n))}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
