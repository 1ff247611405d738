//go:build browser

package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBrowserShowsValuesOfAnyKind: a value of another kind than expected, by other software
// or by any user who posts it, must not keep everybody from opening the page. It is shown
// as it is spelled, and the page follows what others do.
func TestBrowserShowsValuesOfAnyKind(t *testing.T) {
	const stubborn = `{"toString":1,"valueOf":1,"toJSON":1}` // which JavaScript can't make a text of
	entry := func(fields string) string { return `,"modifications":[` + fields + `]` }
	for _, c := range []struct{ name, fields, selector, want string }{
		{"a time as Python writes it", entry(`{"timestamp":1760000000.0,"user_id":"u","modification_type":"updated"}`), "#history", "u changed it"},
		{"times of customers", entry(`{"timestamp":1760000000.0,"modification_type":"processed"},{"timestamp":` + stubborn + `,"modification_type":"processed"}`), "#history", "processed it"},
		{"a user who is a number", entry(`{"timestamp":"2025-10-17T10:00:00Z","user_id":12345678901234567890,"modification_type":"updated"}`), "#history", "12345678901234567890 changed it"},
		{"a user who is an object", entry(`{"user_id":` + stubborn + `}`), "#history", stubborn},
		{"a type that is an object", entry(`{"user_id":"u","modification_type":` + stubborn + `}`), "#history", "u " + stubborn},
		{"customers who are none", entry(`{"modification_type":"processed","customer_code":1.50},{"modification_type":"processed","customer_code":` + stubborn + `}`), "#history", stubborn},
		{"an id that is an object", entry(`{"modification_id":` + stubborn + `}`), "#history", "somebody did something"},
		{"a title that is a number", `,"changeTitle":1.0`, "#heading", "1.0"},
		{"a title that is an object", `,"changeTitle":` + stubborn, "#heading", stubborn},
		{"a title that is a list", `,"title":["a",1e400]`, "#heading", `["a",1e400]`},
		{"both ids", `,"announcement_id":` + stubborn, "#values", `"toString": 1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			stored := func(note string) string { return `{"changeId":"` + id + `","note":"` + note + `"` + c.fields + `}` }
			r.put(id, stored("n"))
			b := r.open("", "/")
			b.do(chromedp.Navigate(r.server.URL + thePage))
			b.until("the note is shown", `document.querySelector("#field-note")?.value === "n"`)
			b.untilText(c.selector, c.want)
			r.put(id, stored("newer"))
			b.until("the page follows", `document.querySelector("#field-note").value === "newer"`)
		})
	}
}

// TestBrowserTellsOfOddEntries: the same values in entries that come while the page is open.
func TestBrowserTellsOfOddEntries(t *testing.T) {
	r := newRig(t)
	r.put(id, `{"changeId":"`+id+`","note":"n","modifications":[]}`)
	b := r.open("bob", thePage)
	b.fill("#field-note", "mine")
	r.put(id, `{"changeId":"`+id+`","note":"theirs","modifications":[{"user_id":{"toString":1},"modification_type":7.0},`+
		`{"user_id":1.50,"modification_type":"processed","customer_code":2.50}]}`)
	b.untilText("#news", `{"toString":1} 7.0.`)
	b.untilText("#news", "Processed for 2.50.")
	b.untilText("#note-note", `Changed by {"toString":1} meanwhile`)
}
