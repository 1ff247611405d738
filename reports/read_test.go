package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"holdfast/archive"
	"holdfast/reports/compare"
	"holdfast/scenarios"
	"holdfast/scenarios/sandbox"
	"holdfast/scenarios/sweep"
	"holdfast/scenarios/tuning"
)

// everyDocument has documents of every kind.
func everyDocument(t testing.TB) map[string]Document {
	t.Helper()
	all := map[string]Document{}
	for name, runs := range allRuns() {
		r := NewResult(NewEnvironment(nil), runs...)
		r.TookMS = 4321.5
		all[name] = r
	}
	missing := NewResult(Environment{}, small())
	missing.Lacks([]string{"storm"})
	all["not-reached"] = missing
	for name, e := range allExplored() {
		all[name] = e
	}
	for name, s := range allSwept() {
		s.Directory, s.TookMS = "", 1234
		all[name] = Swept{&s}
	}
	for name, s := range allSelfTested() {
		all[name] = s
	}
	for name, whole := range map[string]bool{"tuned": false, "tuned-architectures": true} {
		r := compared(whole)
		r.Schema = tuning.Schema
		all[name] = Tuned{&r}
	}
	for i, d := range append(examinedStores(t), diagnosed(safe()), diagnosed(limited()), diagnosed(unsafe())) {
		d.Directory = ""
		all[fmt.Sprint("diagnosed-", i)] = d
	}
	left := NewLeft(&sandbox.Leaving{ID: "0123456789", Place: "s3://b/simulate-0123456789/", Objects: 3, Manifest: &sandbox.Manifest{Program: "p", Command: "c", Started: time.Unix(1, 5).UTC()}})
	all["cleaned"] = Cleaned{Schema: CleanSchema, Store: "s3://b", Runs: []Left{left}}
	all["intended"] = Intended{Schema: IntentSchema, Store: Chosen{"s3://b", "--store"}, Below: "s3://b/simulate-1/", Key: Chosen{"ABCD", "a variable"}, Puts: 7, Gets: 9, Cost: 0.5, Prices: "S3"}
	var listed []*scenarios.Scenario
	for _, name := range scenarios.Names() {
		listed = append(listed, must(scenarios.Open(name)))
	}
	all["library"] = NewLibrary(listed)
	all["built"] = NewBuilt()
	for name, d := range allTrended(t) {
		all[name] = d
	}
	for name, c := range comparisons() {
		all[name] = c
	}
	all["baseline"] = baseline(t)
	for name, c := range allCampaigned() {
		all["campaigned-"+name] = c
	}
	against := NewResult(NewEnvironment(nil), repeated("storm", 20, nil).Runs...)
	against.Against(repeated("storm", 20, more), nil, true, compare.Defaults())
	all["against"] = against
	return all
}

func formatted(t testing.TB, format string, d Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := Formats[format](&b, d, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestReadGivesBack what was written: the same report, and the same JSON, for each kind.
func TestReadGivesBack(t *testing.T) {
	seen := map[string]bool{}
	for name, d := range everyDocument(t) {
		dir := t.TempDir()
		text := formatted(t, "json", d)
		seen[schemaOf([]byte(text))] = true
		write(t, filepath.Join(dir, ResultFile), text)
		of, err := Read(filepath.Join(dir, ResultFile))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := gocmp.Diff(text, formatted(t, "json", of)); diff != "" {
			t.Errorf("%s: other JSON: %s", name, diff)
		}
		if diff := gocmp.Diff(formatted(t, "text", d), formatted(t, "text", of)); diff != "" {
			t.Errorf("%s: another report: %s", name, diff)
		}
		if d.Class() != of.Class() {
			t.Errorf("%s: class %v, was %v", name, of.Class(), d.Class())
		}
		if of, err = Read(dir); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if k, ok := d.(kept); ok && formatted(t, "text", k.In(dir)) != formatted(t, "text", of) {
			t.Errorf("%s does not say where it is kept:\n%s", name, formatted(t, "text", of))
		} else if _, several := d.(Result); ok && !several && strings.Count("\n"+formatted(t, "text", of), "\nsaved in") > 1 {
			t.Errorf("%s says twice where it is kept:\n%s", name, formatted(t, "text", of))
		}
	}
	for schema := range readable {
		if !seen[schema] {
			t.Errorf("no %s was tried", schema)
		}
	}
}

// heldBack are parts of what documents consist of that they do not say, and no report needs.
var heldBack = []string{
	"measure.Measurement.Played", "measure.Measurement.PutsEach", "measure.Measurement.MakespansMS",
	"measure.Measurement.GivenUpIn", "measure.Measurement.Latencies", "measure.Measurement.CallTime", "measure.Measurement.Each", "measure.Measurement.Settings",
	"sweep.Result.Directory", "reports.Diagnosed.Directory", "reports.Result.Directory",
	"tuning.Result.Directory", "reports.Explored.Directory", "reports.SelfTested.Directory", // [kept]
}

// TestEveryKeyIsReadBack, with whatever value: documents in which all is set.
func TestEveryKeyIsReadBack(t *testing.T) {
	var held []string
	for _, d := range []Document{Result{}, Explored{}, Swept{new(sweep.Result)}, Tuned{new(tuning.Result)}, SelfTested{}, Diagnosed{}, Cleaned{}, Intended{}, Library{}, Built{}, Trended{}, Compared{}, Baseline{}, Campaigned{}} {
		full := reflect.New(reflect.TypeOf(d))
		n := 0
		fill(full.Elem(), &n, &held)
		text := formatted(t, "json", full.Elem().Interface().(Document))
		back := reflect.New(reflect.TypeOf(d))
		if err := json.Unmarshal([]byte(text), back.Interface()); err != nil {
			t.Errorf("%T: %v", d, err)
			continue
		}
		if diff := gocmp.Diff(text, formatted(t, "json", back.Elem().Interface().(Document))); diff != "" {
			t.Errorf("%T: %s", d, diff)
		}
	}
	slices.Sort(held)
	want := slices.Clone(heldBack)
	slices.Sort(want)
	if diff := gocmp.Diff(want, slices.Compact(held)); diff != "" {
		t.Errorf("a document must say all that a report of it needs: %s", diff)
	}
}

// fill sets all that a value consists of to something, and notes what JSON leaves out.
func fill(v reflect.Value, n *int, held *[]string) {
	*n++
	switch one := v.Addr().Interface().(type) {
	case *archive.Policy:
		*one = archive.DefaultPolicy()
		return
	case *time.Time:
		*one = time.Unix(int64(*n), 0).UTC()
		return
	case *sweep.Params:
		*one = sweep.Params{{Name: "clients", Value: "1"}, {Name: "a", Value: "b"}}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n, held)
	case reflect.Struct:
		for i := range v.NumField() {
			switch f := v.Type().Field(i); {
			case f.Tag.Get("json") == "-":
				*held = append(*held, v.Type().String()+"."+f.Name)
			case f.IsExported():
				fill(v.Field(i), n, held)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n, held)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n, held)
		fill(value, n, held)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(fmt.Sprint("<text> ", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(float64(*n) / 7)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint64:
		v.SetUint(uint64(*n) + 1<<63)
	default:
		panic(v.Type().String())
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestWhatCannotBeRead says in a line what it is, and what can be done.
func TestWhatCannotBeRead(t *testing.T) {
	whole := formatted(t, "json", NewResult(Environment{}, passed()))
	for name, c := range map[string]struct {
		files map[string]string
		path  string // below the directory
		says  string
	}{
		"nothing there":       {nil, ".", "DIR has no result.json: it is no run's directory"},
		"killed":              {map[string]string{HistoryFile: "x"}, ".", "DIR has no result.json: its run was killed before it was judged; simulate check DIR judges its history"},
		"a killed sweep":      {map[string]string{PointsFile: "x"}, ".", "--resume DIR goes on with it"},
		"a directory of runs": {map[string]string{"burst/1/" + ResultFile: whole}, "burst", "holds some, such as DIR/1"},
		"cut":                 {map[string]string{ResultFile: whole[:len(whole)/2], HistoryFile: "x"}, ".", fmt.Sprintf("DIR/result.json is cut off after %d bytes; simulate check DIR judges its history", len(whole)/2)},
		"cut, and alone":      {map[string]string{ResultFile: whole[:100]}, ".", "DIR/result.json is cut off after 100 bytes"},
		"empty":               {map[string]string{ResultFile: ""}, ".", "DIR/result.json is empty"},
		"two in one":          {map[string]string{"d": whole + whole}, "d", "DIR is no JSON, as documents are: invalid character '{' after top-level value"},
		"a history":           {map[string]string{HistoryFile: "(\xb5/\xfd"}, HistoryFile, "DIR is a history; simulate check DIR judges it"},
		"a report":            {map[string]string{"d": "PASS  all"}, "d", "DIR is no JSON, as documents are: invalid character 'P'"},
		"a list":              {map[string]string{"d": "[1,2]"}, "d", "DIR is no document of simulate: it does not say its schema"},
		"null":                {map[string]string{"d": "null"}, "d", "it does not say its schema"},
		"somebody else's":     {map[string]string{"d": `{"schema":"k6/v1"}`}, "d", "it does not say its schema"},
		"newer":               {map[string]string{"d": `{"schema":"simulate.result/v2","runs":7}`}, "d", "DIR was written by a newer simulate: simulate.result/v2; this one reads v1"},
		"unheard of":          {map[string]string{"d": `{"schema":"simulate.dream/v1"}`}, "d", "DIR is a simulate.dream/v1, which this simulate can't tell"},
		"of another type":     {map[string]string{"d": `{"schema":"simulate.result/v1","runs":7}`}, "d", "DIR is no simulate.result/v1: json: cannot unmarshal number"},
		"without runs":        {map[string]string{"d": `{"schema":"simulate.result/v1","passed":true,"runs":[]}`}, "d", "DIR is no sound simulate.result/v1: it has no run"},
		"an unknown verdict":  {map[string]string{"d": `{"schema":"simulate.explore/v1","passed":true,"verdict":"fine"}`}, "d", `DIR is no sound simulate.explore/v1: there is no verdict "fine"`},
		"strange parameters":  {map[string]string{"d": `{"schema":"simulate.sweep/v1","points":[{"params":[1]}]}`}, "d", "DIR is no simulate.sweep/v1: params: want an object"},
		"other parameters":    {map[string]string{"d": `{"schema":"simulate.sweep/v1","vary":[{"name":"clients","values":["1"]}],"points":[{"verdict":"ok","params":{"clients":2}}]}`}, "d", "DIR is no sound simulate.sweep/v1: point clients=2 is not of the product"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range c.files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o700); err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(dir, file), text)
			}
			path := filepath.Join(dir, c.path)
			d, err := Read(path)
			if _, ok := errors.AsType[*UnreadableError](err); !ok || d != nil {
				t.Fatalf("%v, %v", d, err)
			}
			if said := strings.ReplaceAll(err.Error(), path, "DIR"); !strings.Contains(said, c.says) || strings.Contains(said, "\n") {
				t.Errorf("it says %q, want %q", said, c.says)
			}
		})
	}
	if _, err := Read(filepath.Join(t.TempDir(), "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestKindsOfNewerStores: a fault that only a newer simulate knows is told by its name.
func TestKindsOfNewerStores(t *testing.T) {
	for name, d := range map[string]Document{"a run": NewResult(Environment{}, storeAtFault()), "a diagnosis": diagnosed(unsafe())} {
		text := strings.ReplaceAll(formatted(t, "json", d), "two-winners", "no-winner")
		newer, err := Decode([]byte(text))
		if err != nil || newer.Class() != StoreAtFault || !strings.Contains(formatted(t, "text", newer), "no-winner") {
			t.Errorf("%s: %v\n%s", name, err, formatted(t, "text", newer))
		}
	}
}

// TestUnknownKeys are those of a newer simulate of the same schema.
func TestUnknownKeys(t *testing.T) {
	text := formatted(t, "json", NewResult(Environment{}, passed()))
	d, err := Decode([]byte(strings.ReplaceAll(text, "{", `{"dreams": {"of": [1]}, `)))
	if err == nil {
		t.Fatal("the map of metrics takes no object", d)
	}
	d, err = Decode([]byte(strings.Replace(text, "{", `{"dreams": {"of": [1]}, `, 1)))
	if err != nil || formatted(t, "json", d) != text {
		t.Error(err, d)
	}
}
