package reports

import (
	"encoding/json"
	"errors"
	"io"
	"testing"
)

// FuzzDecode: whatever a text holds, it is refused or can be told in every format.
func FuzzDecode(f *testing.F) {
	for _, d := range everyDocument(f) {
		text, err := json.Marshal(d)
		if err != nil {
			f.Fatal(err)
		}
		if len(text) < 10_000 { // small ones are tried faster
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Decode(text)
		if err != nil {
			return
		}
		for name, format := range Formats {
			if _, untold := errors.AsType[*UntoldError](format(io.Discard, d, false)); untold && name != "markdown" && name != "html" {
				t.Errorf("it can't be told as %s", name)
			}
		}
	})
}
