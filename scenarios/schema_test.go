package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"holdfast/archive"
	"holdfast/scenarios/check"
)

// jsonObject is a JSON object whose members have an order.
type jsonObject []member

type member struct {
	name  string
	value any
}

func (o jsonObject) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(m.name)
		value, err := marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshal is json.Marshal that leaves < and > as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// The syntax of values that are texts.
const (
	nameSyntax     = `^[a-z0-9]+(-[a-z0-9]+)*$`
	durationSyntax = `^\+?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`
	callSyntax     = `\s*(\(.*\)\s*)?$` // kind(name=value,…)
)

// mostOf are the bounds of numbers.
var mostOf = map[string]int{"objects.entries": mostEntries, "objects.size": mostSize, "actors.count": mostClients, "queue.batch": mostInBatch, "queue.concurrency": mostConsumers, "group.processes": mostConsumers}

// relations are what the keys of a place demand of each other, as far as a schema can
// say so.
func relations(path string) jsonObject {
	has := func(keys ...string) member { return member{"required", keys} }
	with := func(key string, schema jsonObject) member { return member{"properties", jsonObject{{key, schema}}} }
	never := func(o ...member) jsonObject { return jsonObject{{"not", jsonObject(o)}} }
	word := func(key string, words ...string) jsonObject {
		return jsonObject{with(key, jsonObject{{"enum", words}}), has(key)}
	}
	eachActor := func(schema jsonObject) jsonObject { return jsonObject{with("actors", jsonObject{{"items", schema}})} }
	without := func(key string, then jsonObject) jsonObject {
		return jsonObject{{"if", never(has(key))}, {"then", then}}
	}
	none := func(keys ...string) jsonObject {
		var each []jsonObject
		for _, key := range keys {
			each = append(each, jsonObject{has(key)})
		}
		return never(member{"anyOf", each})
	}
	queues := jsonObject{{"anyOf", []jsonObject{
		append(word("via", string(ViaAPI)), member{"properties", jsonObject{
			{"via", jsonObject{{"const", ViaAPI}}}, {"queue", none("write_through")},
		}}),
		{{"properties", jsonObject{
			{"via", jsonObject{{"const", ViaCore}}}, {"queue", append(none("work", "poison", "results", "reconcile", "grace"), has("kind"))},
		}}},
	}}}
	grouped := append(never(has("queue")), with("via", jsonObject{{"const", ViaCore}}))
	edits := word("do", string(DoSave), string(DoAppend))
	var rules []jsonObject
	switch path {
	case "":
		rules = []jsonObject{
			never(with("name", jsonObject{{"const", "latest"}})),
			{{"dependencies", jsonObject{{"queue", queues}, {"group", grouped}, {"timeline", eachActor(never(has("load")))}}}},
			never(has("via", "codec"), member{"properties", jsonObject{{"via", jsonObject{{"const", ViaAPI}}}, {"codec", jsonObject{{"const", Compact}}}}}),
			never(has("timeline", "queue"), with("queue", jsonObject{{"anyOf", []jsonObject{{has("reconcile")}, {has("window")}, {has("concurrency")}}}})),
			without("timeline", eachActor(jsonObject{{"anyOf", []jsonObject{{has("load")}, {has("interferes")}}}})),
			without("duration", eachActor(jsonObject{with("load", jsonObject{has("operations"), with("operations", jsonObject{{"minimum", 1}})})})),
			without("via", eachActor(never(with("kind", jsonObject{{"const", Stranger}})))),
		}
	case "objects":
		rules = []jsonObject{never(has("absent", "fresh_after"),
			member{"properties", jsonObject{{"absent", jsonObject{{"const", true}}}, {"fresh_after", jsonObject{{"minimum", 1}}}}})}
	case "queue":
		rules = []jsonObject{
			{{"dependencies", jsonObject{{"grace", []string{"reconcile"}}, {"batch", []string{"kind"}}, {"window", []string{"kind"}}}}},
			{
				{"if", word("kind", string(FIFO))},
				{"then", append(never(has("window")), with("batch", jsonObject{{"maximum", mostInFIFOBatch}}))},
			},
		}
	case "group":
		rules = []jsonObject{{has("processes"), with("processes", jsonObject{{"minimum", 1}})}}
	case "actors":
		rules = []jsonObject{
			never(has("load", "interferes")),
			{{"dependencies", jsonObject{{"interferes", word("kind", string(Backend))}}}},
			without("load", jsonObject{with("count", jsonObject{{"maximum", 1}})}),
			{{"if", jsonObject{with("kind", jsonObject{{"const", Creator}})}}, {"then", jsonObject{with("load", jsonObject{has("operations"), with("operations", jsonObject{{"const", 1}})})}}},
		}
	case "actors.load":
		rules = []jsonObject{never(has("rate", "think"), with("rate", jsonObject{{"exclusiveMinimum", 0}}))}
	case "timeline":
		rules = []jsonObject{{{"dependencies", jsonObject{
			{"set", edits}, {"set_json", edits}, {"remove", edits}, {"also", edits}, {"without_base", word("do", string(DoSave))},
			{"conflicts", word("expect", string(archive.Conflict))},
		}}}}
	}
	if rules == nil {
		return nil
	}
	return jsonObject{{"allOf", rules}}
}

// schema is that of a file.
func (r *referenceOf) schema(title string) jsonObject {
	return append(jsonObject{
		{"$schema", "http://json-schema.org/draft-07/schema#"}, // the newest that all editors know
		{"title", title},
	}, r.mapping("")...)
}

// mapping is the schema of a place.
func (r *referenceOf) mapping(path string) jsonObject {
	var properties jsonObject
	var required []string
	for _, d := range r.keys {
		if d.path != path {
			continue
		}
		about := jsonObject{{"description", d.description() + r.words(d.typ, " %s: %s.")}}
		if left := d.byDefault(); left != nil {
			about = append(about, member{"default", left})
		}
		if d.example != nil {
			about = append(about, member{"examples", []any{d.example}})
		}
		properties = append(properties, member{d.name, append(r.value(d, d.typ), about...)})
		if d.required {
			required = append(required, d.name)
		}
	}
	all := jsonObject{{"type", "object"}, {"properties", properties}}
	if len(required) > 0 {
		all = append(all, member{"required", required})
	}
	return append(append(all, member{"additionalProperties", false}), relations(path)...)
}

// value is the schema of a key's value.
func (r *referenceOf) value(d described, t reflect.Type) jsonObject {
	syntax := func(pattern string) jsonObject { return jsonObject{{"type", "string"}, {"pattern", pattern}} }
	if w, ok := reflect.Zero(t).Interface().(interface{ words() []string }); ok && t.Kind() == reflect.String {
		return jsonObject{{"enum", w.words()}}
	}
	switch t {
	case reflect.TypeFor[Duration]():
		return jsonObject{{"type", []string{"string", "integer"}}, {"pattern", durationSyntax}, {"minimum", 0}, {"maximum", 0}}
	case reflect.TypeFor[Policy]():
		return syntax(`^\s*(` + strings.Join(r.policies, "|") + `)` + callSyntax)
	case reflect.TypeFor[Fault]():
		return syntax(`^\s*(` + strings.Join(r.faults, "|") + `)` + callSyntax)
	case reflect.TypeFor[Threshold]():
		return syntax(`^\s*(` + strings.ReplaceAll(strings.Join(Metrics, "|"), ".", `\.`) + `)\s*(<=|>=|==|<|>)\s*[0-9.eE+-]+\s*$`)
	case reflect.TypeFor[Popularity]():
		return syntax(`^(uniform|zipf\((1\.[0-9]*[1-9][0-9]*|([2-9]|[1-9][0-9]+)(\.[0-9]+)?)\))$`)
	case reflect.TypeFor[Arrivals]():
		return syntax(`^(poisson|bursts|periodic|day|curve\([0-9.eE+, -]+\))$`)
	case reflect.TypeFor[Latency]():
		return jsonObject{{"type", "string"}}
	case reflect.TypeFor[archive.Outcome]():
		return jsonObject{{"enum", archive.Outcomes()}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return r.value(d, t.Elem())
	case reflect.Slice:
		items := r.value(d, t.Elem())
		if d.required {
			return jsonObject{{"type", "array"}, {"minItems", 1}, {"items", items}}
		}
		return jsonObject{{"type", "array"}, {"items", items}}
	case reflect.Map:
		switch t.Elem().Kind() {
		case reflect.Interface:
			return jsonObject{{"type", "object"}}
		case reflect.Slice:
			return jsonObject{{"type", "object"}, {"additionalProperties", jsonObject{{"type", "array"}, {"items", jsonObject{{"enum", invariants()}}}}}}
		}
		return jsonObject{{"type", "object"}, {"additionalProperties", r.value(d, t.Elem())}}
	case reflect.Struct:
		return r.mapping(below(d.path, d.name))
	case reflect.Int:
		o := jsonObject{{"type", "integer"}, {"minimum", 0}}
		if most := mostOf[below(d.path, d.name)]; most > 0 {
			o = append(o, member{"maximum", most})
		}
		return o
	case reflect.Float64:
		o := jsonObject{{"type", "number"}, {"minimum", 0}}
		if d.name == "poison" {
			o = append(o, member{"maximum", 1})
		}
		return o
	case reflect.Bool:
		return jsonObject{{"type", "boolean"}}
	}
	switch {
	case d.name == "name":
		return syntax(nameSyntax)
	case d.required:
		return jsonObject{{"type", "string"}, {"minLength", 1}}
	}
	return jsonObject{{"type", "string"}}
}

func invariants() (names []string) {
	for i := 1; check.Invariant(fmt.Sprint("I", i)).Title() != ""; i++ {
		names = append(names, fmt.Sprint("I", i))
	}
	return names
}

// conforms holds a YAML text against a schema.
func conforms(t *testing.T, schema []byte, source string) error {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("s.json", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("s.json")
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := yaml.Unmarshal([]byte(source), &value); err != nil {
		return err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if value, err = jsonschema.UnmarshalJSON(bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(value)
}

// TestSchemaAcceptsWhatParses: the library, the examples of the reference and whatever
// tests play.
func TestSchemaAcceptsWhatParses(t *testing.T) {
	sources := map[string]string{"valid loads": validLoads, "valid timeline": validTimeline}
	for _, timeline := range []bool{true, false} {
		sources[fmt.Sprint("maximal, timeline ", timeline)] = string(must(maximal(timeline).Encode()))
	}
	for _, file := range filesOf(t, "library/*.yaml", "testdata/reference/*.yaml", "../cmd/simulate/testdata/*.yaml") {
		if !strings.HasSuffix(file, "layout.yaml") {
			sources[file] = readFile(t, file)
		}
	}
	for name, source := range sources {
		s, err := Parse(name, []byte(source))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := conforms(t, Schema, source); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := conforms(t, Schema, string(must(s.Encode()))); err != nil {
			t.Errorf("%s, written again: %v", name, err)
		}
	}
	for _, file := range filesOf(t, "library/layouts/*.yaml", "testdata/reference/layout.yaml") {
		if _, err := OpenLayout(file); err != nil {
			t.Error(err)
		}
		if err := conforms(t, LayoutSchema, readFile(t, file)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// beyondSchema are the mistakes that no schema can see, by what the parser says of them.
var beyondSchema = []string{
	"popularity is for random keys",
	"must be a whole number, not 1.0", // JSON has one kind of number
	"not several documents",
	"the window is at most", "shared edits are made of", "makes no store calls", "a process that dies", "what was sent to a queue", "which is what those are called that write",
	"this is for back ends with a load", "have invalid edits", "there is an actor named reconciler", "a reconciler tells back ends, and there are none",
	"there is no core", "there are two actors named", "is no other actor of this scenario", "never acts", "there is no actor",
	`fault "throttle(`, "there are two throttle faults", "a schedule has no time",
	"interferes, so it can't act in the timeline", "saves without having loaded", "is not held", "must be resumed first", "is never resumed",
}

// TestSchemaRefusesWhatTheParserRefuses, but for what takes more than a schema to see.
func TestSchemaRefusesWhatTheParserRefuses(t *testing.T) {
	used := map[string]bool{}
	for _, c := range mistakes {
		source := c.spoil(t)
		beyond := slices.IndexFunc(beyondSchema, func(reason string) bool { return strings.Contains(c.want, reason) })
		err := conforms(t, Schema, source)
		switch {
		case beyond < 0 && err == nil:
			t.Errorf("%s: the schema accepts it:\n%s", c.want, source)
		case beyond >= 0 && err != nil:
			t.Errorf("%s: the schema can see it: %v", c.want, err)
		case beyond >= 0:
			used[beyondSchema[beyond]] = true
		}
	}
	for _, reason := range beyondSchema {
		if !used[reason] {
			t.Errorf("no mistake is %q", reason)
		}
	}
}
