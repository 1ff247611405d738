package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

const validLayout = `name: lease
prefix: leases/
id: [lease]
history: log
entry:
  id: n
  user: who
  required: [who]
fields:
  changeTitle: owner
  testPlan: term
`

func TestLayoutsNameThePlaceOfEveryMistake(t *testing.T) {
	if _, err := parseLayout("x.yaml", []byte(validLayout)); err != nil {
		t.Fatalf("the valid layout is refused: %v", err)
	}
	for _, c := range []struct{ old, spoiled, want string }{
		{"history: log", "historie: log", `x.yaml:4:1: unknown key "historie"; did you mean history?`},
		{"id: [lease]", "id: lease", "x.yaml:3:5: "},
		{"id: [lease]", "id: []", "x.yaml:3:5: it is empty; name the field that holds a document's id"},
		{"id: [lease]", "id: [a, A]", `x.yaml:3:9: "A" is, but for case, the name that ID[0] has`},
		{"id: [lease]\nhistory: log\n", "", "x.yaml:1:7: say under id which fields hold a document's id"},
		{"history: log", "history: Lease", `x.yaml:4:10: "Lease" is, but for case`},
		{"prefix: leases/", "prefix: /leases", "x.yaml:2:9: \"/leases\": a key must not begin with a slash"},
		{"prefix: leases/", "prefix: customers/", "x.yaml:2:9: \"customers/\": the keys that begin with customers/"},
		{"name: lease", "name: Lease", `x.yaml:1:7: the name "Lease" must be lower-case`},
		{"  id: n", "  ids: n", `x.yaml:6:3: unknown key "ids"`},
		{"  user: who", "  user: N", `x.yaml:7:9: "N" is, but for case, the name that Entry.ID has`},
		{"[who]", "[who, when]", "x.yaml:6:3: no scenario can make such entries: invalid modification m: it has no when"},
		{"[who]", "[who]\n  more: {who: 1}", `x.yaml:6:3: no scenario can make such entries: invalid modification m: the field "who"`},
		{"testPlan: term", "testPlan: log", "x.yaml:11:13: log can't be edited"},
		{"testPlan: term", "testPlan: owner", "x.yaml:11:13: owner stands for changeTitle already"},
		{validLayout, "", "x.yaml: the file is empty; want a layout"},
	} {
		spoiled := strings.Replace(validLayout, c.old, c.spoiled, 1)
		_, err := parseLayout("x.yaml", []byte(spoiled))
		var inFile *FileError
		if !errors.As(err, &inFile) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s for %s:\n got %v\nwant %s", c.spoiled, c.old, err, c.want)
		}
	}
}

func TestOpenLayout(t *testing.T) {
	if l, err := OpenLayout(""); l != nil || err != nil || l.Archive() != nil || l.Recorded() != nil || l.Field("changeTitle") != "changeTitle" {
		t.Errorf("the archive's own: %+v, %v", l, err)
	}
	entries, err := library.ReadDir("library/layouts")
	if err != nil || len(entries) != len(layouts) {
		t.Errorf("%v, %v; known are %v", entries, err, layouts)
	}
	for _, name := range layouts {
		l, doc, err := (&Scenario{Layout: name}).Open()
		if err != nil {
			t.Fatal(err)
		}
		for scenario, own := range l.Fields {
			if _, there := doc.Field(own); !there || l.Field(scenario) != own {
				t.Errorf("%s: its document has no %s, which stands for %s", name, own, scenario)
			}
		}
		for _, field := range editable[:6] {
			if l.Fields[field] == "" {
				t.Errorf("%s: nothing stands for %s", name, field)
			}
		}
		if len(customers(doc)) < 6 {
			t.Errorf("%s: its document has %d customers", name, len(customers(doc)))
		}
	}
	// A layout's document is where its file is.
	dir := t.TempDir()
	for file, text := range map[string]string{"l.yaml": validLayout + "document: d.json\n", "d.json": `{"lease": "L", "owner": "o"}`} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if l, doc, err := (&Scenario{Layout: filepath.Join(dir, "l.yaml")}).Open(); err != nil || doc.ID() != "L" || doc.Layout() != l.Archive() {
		t.Errorf("%+v, %v", doc, err)
	}
	for path, want := range map[string]string{"nil": `there is no layout "nil": give a file, or one of order`, dir + "/none.yaml": "read the layout: "} {
		if _, err := OpenLayout(path); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestOrders plays every scenario on an order, in virtual time and as the service when
// that is the scenario's way: nothing may be held against the production core, and the
// documents are where, and as, their layout says.
func TestOrders(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := must(Open(name))
			s.Layout, s.Document = "order", ""
			if s.Duration > 0 {
				s.Duration = Duration(2e9)
			}
			run := must(NewRun(s, must(cores.Find("production"))))
			run.Seed = 7
			layout := run.Layout
			m := &memory{}
			judge := check.New(history.Header{World: "virtual", Policy: run.Policy.String(), Layout: layout.Recorded()})
			if _, err := playVirtual(t.Context(), run, into(m), nil); err != nil {
				t.Fatal(err)
			}
			orders, entries := 0, 0
			for _, e := range m.events {
				judge.Add(e)
				switch {
				case e.Key == "" || e.OfTrigger():
				case !strings.HasPrefix(e.Key, "orders/") || !strings.HasSuffix(e.Key, ".json"):
					t.Fatalf("a call to %s", e.Key)
				case e.Doc != nil && e.Kind == history.Put:
					orders++
					entries += len(e.Doc.Add)
					if slices.ContainsFunc(e.Doc.Set, func(s history.Set) bool { return s.Field == "changeTitle" || s.Field == "events" }) {
						t.Errorf("it sets %+v", e.Doc.Set)
					}
				}
			}
			if r := judge.Finish(); len(r.Violations) > 0 || orders == 0 || entries == 0 {
				t.Errorf("%d orders were written, with %d entries: %+v", orders, entries, r.Violations)
			}
		})
	}
}

// TestLayoutsAreOfTheIdentity: what a layout says makes another run, what it is called
// does not.
func TestLayoutsAreOfTheIdentity(t *testing.T) {
	identity := func(change func(*Layout)) string {
		s := must(Open("two-users"))
		s.Layout = "order"
		r := must(NewRun(s, must(cores.Find("production"))))
		change(r.Layout)
		return string(must(r.Identity()))
	}
	as := identity(func(*Layout) {})
	if identity(func(l *Layout) { l.Name, l.Document = "mine", "other.json" }) != as {
		t.Error("the name makes a difference")
	}
	if identity(func(l *Layout) { l.Fields["testPlan"] = "x_plan" }) == as || identity(func(l *Layout) { l.Prefix = "o/" }) == as {
		t.Error("two runs that do different things are the same")
	}
}
