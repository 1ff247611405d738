//go:build browser

package web_test

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/archive"
)

// removeField chooses a field below the form.
func (tb *tab) removeField(name string) {
	tb.t.Helper()
	eval[bool](tb, fmt.Sprintf(`(document.getElementById("removal").open = true, document.getElementById("removable").value = %q, true)`, name))
	tb.click("#remove")
	tb.untilText("#removed", "goes when you save")
}

// has reports whether a field is stored.
func (r *rig) has(id, field string) bool {
	r.t.Helper()
	_, ok := must(r.core.Load(r.t.Context(), id)).Document.Field(field)
	return ok
}

// remove is a removal by somebody who has no browser.
func (r *rig) remove(id, user, field string) {
	r.t.Helper()
	loaded := must(r.core.Load(r.t.Context(), id))
	must(r.core.Save(r.t.Context(), id, loaded, archive.Edit{
		Remove:        []string{field},
		Modifications: []archive.Modification{{ID: r.core.NewModificationID(), UserID: user, Type: archive.Updated}},
	}))
}

func TestBrowserRemovesAField(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	uploads := r.record()
	before := r.stored(id, "testPlan")
	bob, carol := r.open("bob", thePage), r.open("carol", thePage)
	bob.fill(testPlan, "half a thought")
	bob.removeField("testPlan")
	bob.untilText("#fields .removed .tag", "removed when you save")
	bob.untilText("#fields .removed del", "half a thought")
	bob.untilText("#unsaved", "Not saved: Test plan")
	if !r.has(id, "testPlan") || len(uploads.all()) > 0 {
		t.Error("removed before it was saved")
	}
	bob.click(`[aria-label="Test plan: keep this field"]`)
	if got := bob.value(testPlan); got != "half a thought" {
		t.Errorf("taken back, the field has %q", got)
	}
	if got := eval[string](bob, "document.activeElement.id"); got != "field-testPlan" {
		t.Errorf("the focus is in %q", got)
	}
	bob.fill(testPlan, before)
	bob.untilText("#unsaved", "No unsaved changes")
	bob.removeField("testPlan")
	bob.fill(title, "Bob's title")
	bob.save()
	if r.has(id, "testPlan") || r.stored(id, "changeTitle") != "Bob's title" {
		t.Error("the field is still stored, or the other one is not")
	}
	sent := parseSent(t, uploads.all()[0])
	if _, set := sent.Metadata["testPlan"]; set || len(sent.Remove) != 1 || sent.Remove[0] != "testPlan" || sent.Base["testPlan"] != before {
		t.Errorf("the page sent %s", uploads.all()[0])
	}
	for _, tb := range []*tab{bob, carol} {
		tb.until("the field leaves the form", `!document.getElementById("field-testPlan")`)
	}
	carol.untilText("#news", "Test plan")
}

// A removal is a change like any other: whoever has changed the field meanwhile is
// asked, and so is who removes what others have changed.
func TestBrowserAsksAboutRemovals(t *testing.T) {
	for _, c := range []struct {
		name        string
		bob, alice  func(*rig, *tab)
		take        string // by bob
		stored      bool
		text, shows string
	}{
		{"mine is removed", removes, edits, "mine", false, "", "Mine(removed)"},
		{"theirs instead of removing", removes, edits, "theirs", true, "Alice's plan", "Mine(removed)"},
		{"theirs is removed", types, removedByAlice, "theirs", false, "", "Theirs (alice)(removed)"},
		{"mine instead of removing", types, removedByAlice, "mine", true, "Bob's plan", "Theirs (alice)(removed)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.putFile(id)
			bob := r.open("bob", thePage)
			bob.hide(true)
			c.bob(r, bob)
			c.alice(r, bob)
			bob.hide(false)
			bob.untilText("#note-testPlan", "by alice meanwhile")
			bob.click("#save")
			bob.until("bob is asked", `document.getElementById("conflict").open`)
			if got := strings.ReplaceAll(bob.text("#disputes .sides"), "\n", ""); !strings.Contains(got, c.shows) {
				t.Errorf("the dialogue shows %q, want %q", got, c.shows)
			}
			bob.click(fmt.Sprintf(`[aria-label="Test plan: take %s"]`, c.take))
			if removed := strings.Contains(bob.text("#dispute-0-verdict"), "removed"); removed == c.stored {
				t.Errorf("the dialogue says %q", bob.text("#dispute-0-verdict"))
			}
			bob.click("#conflict-save")
			bob.until("there is a message", `document.getElementById("message").textContent !== ""`)
			if got := r.stored(id, "testPlan"); r.has(id, "testPlan") != c.stored || got != c.text {
				t.Errorf("stored is %q, want %q", got, c.text)
			}
			bob.untilText("#unsaved", "No unsaved changes")
			if shown := eval[bool](bob, `!!document.querySelector("#field-testPlan:not([hidden])")`); shown != c.stored {
				t.Errorf("shown: %v", shown)
			}
		})
	}
}

func removes(_ *rig, bob *tab)      { bob.removeField("testPlan") }
func types(_ *rig, bob *tab)        { bob.fill(testPlan, "Bob's plan") }
func edits(r *rig, _ *tab)          { r.edit(id, "alice", "testPlan", "Alice's plan") }
func removedByAlice(r *rig, _ *tab) { r.remove(id, "alice", "testPlan") }
