//go:build browser

package web_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestBreakPageValues: a value of another kind than expected, by other software or by any
// user who posts it, must not keep everybody from opening the page.
func TestBreakPageValues(t *testing.T) {
	const stubborn = `{"toString":1,"valueOf":1}` // which JavaScript can't make a text of
	for name, body := range map[string]string{
		"a time as Python writes it": `{"changeId":"CHG-12345","note":"n","modifications":[{"timestamp":1760000000.0,"user_id":"u","modification_type":"updated"}]}`,
		"a user who is a number":     `{"changeId":"CHG-12345","note":"n","modifications":[{"timestamp":"2025-10-17T10:00:00Z","user_id":12345678901234567890,"modification_type":"updated"}]}`,
		"a title that is a number":   `{"changeId":"CHG-12345","note":"n","changeTitle":1.0}`,
		"a title that is an object":  `{"changeId":"CHG-12345","note":"n","changeTitle":` + stubborn + `}`,
		"a user who is an object":    `{"changeId":"CHG-12345","note":"n","modifications":[{"user_id":` + stubborn + `}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.put(id, body)
			tb := r.open("", "/") // and not the page: its helper would wait and throw
			tb.do(chromedp.Navigate(r.server.URL + thePage))
			time.Sleep(700 * time.Millisecond)
			if shown := eval[bool](tb, `document.querySelector("#field-note")?.value === "n" && document.querySelectorAll("#history").length > 0 && document.getElementById("heading").textContent !== "Loading…"`); !shown {
				t.Errorf("the page shows %q", tb.text("main"))
			}
		})
	}
}
