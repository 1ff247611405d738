package scenarios

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"holdfast/scenarios/cores"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

var update = flag.Bool("update", false, "rewrite docs/scenarios.md and the schemas")

// referenceOf is what there is to say of the keys of a kind of file.
type referenceOf struct {
	keys             []described
	comments         comments
	faults, policies []string // their kinds
}

func newReference(t *testing.T, file reflect.Type, examples ...string) *referenceOf {
	t.Helper()
	own := commentsIn(t, ".")
	r := &referenceOf{comments: own}
	r.keys = own.keysDescribed(file, "")
	nodes := map[string]ast.Node{}
	for _, example := range examples {
		tree, err := parser.ParseBytes([]byte(readFile(t, example)), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range spots(tree.Docs[0].Body, "") {
			if m, ok := s.node.(*ast.MappingNode); ok {
				for _, v := range m.Values {
					path := below(withoutNumbers(s.path), v.Key.GetToken().Value)
					if nodes[path] == nil {
						nodes[path] = v.Value
					}
				}
			}
		}
	}
	for i := range r.keys {
		d := &r.keys[i]
		node := nodes[below(d.path, d.name)]
		if node == nil {
			t.Errorf("no example has %s", below(d.path, d.name))
			continue
		}
		if mappingOf(d.typ) != nil {
			continue // its keys have examples
		}
		if err := yaml.NodeToValue(node, &d.example); err != nil {
			t.Fatal(err)
		}
		d.shown = strings.TrimSpace(ast.MappingValue(node.GetToken(), ast.String(node.GetToken()), node).Value.String())
	}
	for _, c := range commentsIn(t, "network").values["Kind"] {
		r.faults = append(r.faults, c.value)
	}
	for _, c := range commentsIn(t, "../archive").values["Kind"] {
		r.policies = append(r.policies, c.value)
	}
	r.policies = append(append(r.policies, "default", "documented", "oracle"), cores.PolicyNames()...)
	return r
}

// description is all of it in a text.
func (d described) description() string {
	if d.left == "" {
		return d.doc
	}
	return fmt.Sprintf("%s Left out: %s.", d.doc, d.left)
}

// byDefault is the value that leaving a key out stands for; nil: it is described only.
func (d described) byDefault() any {
	w, ok := reflect.Zero(d.typ).Interface().(interface{ words() []string })
	switch number, err := strconv.Atoi(d.left); {
	case d.typ.Kind() == reflect.Bool:
		return false
	case d.typ.Kind() == reflect.Int && err == nil:
		return number
	case ok && slices.Contains(w.words(), d.left):
		return d.left
	}
	return nil
}

// typeText is what a value is, in Markdown.
func typeText(t reflect.Type) string {
	if w, ok := reflect.Zero(t).Interface().(interface{ words() []string }); ok && t.Kind() == reflect.String {
		return "`" + strings.Join(w.words(), "`, `") + "`"
	}
	switch t {
	case reflect.TypeFor[Duration]():
		return "[duration](#durations)"
	case reflect.TypeFor[Policy]():
		return "[policy](#policies)"
	case reflect.TypeFor[Latency]():
		return "[latency](#latencies)"
	case reflect.TypeFor[Fault]():
		return "[fault](#faults)"
	case reflect.TypeFor[Threshold]():
		return "[threshold](#thresholds)"
	case reflect.TypeFor[Popularity]():
		return "`uniform` or `zipf(S)`"
	case reflect.TypeFor[Arrivals]():
		return "`poisson`, `bursts`, `periodic`, `day` or `curve(W,W,…)`"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeText(t.Elem())
	case reflect.Slice:
		of := typeText(t.Elem())
		if link, rest, ok := strings.Cut(of, "]"); ok {
			return "list of " + link + "s]" + rest
		}
		return "list of " + strings.TrimSuffix(of, "s") + "s"
	case reflect.Map:
		switch t.Elem().Kind() {
		case reflect.Interface:
			return "names with values"
		case reflect.Slice:
			return "names with lists"
		}
		return "names with texts"
	case reflect.Struct:
		return "keys"
	case reflect.Int:
		return "whole number"
	case reflect.Float64:
		return "number"
	case reflect.Bool:
		return "`true` or `false`"
	}
	if t.Name() == "Outcome" {
		return "[outcome](#outcomes)"
	}
	return "text"
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func filesOf(t *testing.T, patterns ...string) (all []string) {
	t.Helper()
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		all = append(all, files...)
	}
	return all
}

// golden holds a generated file against what is committed, or writes it.
func golden(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got := readFile(t, path); got != string(want) {
		t.Errorf("%s is not what the structs say: go test ./scenarios -run Reference -update", path)
	}
}

var (
	scenarioExamples = []string{"testdata/reference/loads.yaml", "testdata/reference/service.yaml", "testdata/reference/queue.yaml", "testdata/reference/group.yaml", "testdata/reference/timeline.yaml", "testdata/reference/schedule.yaml"}
	layoutExample    = "testdata/reference/layout.yaml"
)

// TestReference holds docs/scenarios.md and the schemas against the structs; -update
// writes them.
func TestReference(t *testing.T) {
	scenario := newReference(t, reflect.TypeFor[Scenario](), scenarioExamples...)
	layout := newReference(t, reflect.TypeFor[Layout](), layoutExample)
	for path, r := range map[string]*referenceOf{"schema/scenario.schema.json": scenario, "schema/layout.schema.json": layout} {
		title := "a " + strings.TrimSuffix(filepath.Base(path), ".schema.json") + " of simulate"
		text, err := marshal(r.schema(title))
		if err != nil {
			t.Fatal(err)
		}
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, text, "", "  "); err != nil {
			t.Fatal(err)
		}
		pretty.WriteByte('\n')
		golden(t, path, pretty.Bytes())
	}
	const path = "../docs/scenarios.md"
	golden(t, path, fill(t, readFile(t, path), map[string]string{
		"scenario keys": scenario.tables("scenario"), "layout keys": layout.tables("layout"),
		"loads": code(readFile(t, scenarioExamples[0])), "service": code(readFile(t, scenarioExamples[1])),
		"timeline": code(readFile(t, scenarioExamples[2])), "schedule": code(readFile(t, scenarioExamples[3])),
		"layout": code(readFile(t, layoutExample)),
		"faults": faultText(t), "policies": policyText(t), "latencies": latencyText(t), "outcomes": outcomeText(t),
		"metrics": strings.Join(wrapped("`"+strings.Join(Metrics, "` `")+"`"), "\n") + "\n",
	}))
}

var marked = regexp.MustCompile(`(?s)(<!-- from the source: ([a-z ]+) -->\n).*?(<!-- end -->)`)

// fill replaces the marked parts of a text.
func fill(t *testing.T, text string, parts map[string]string) []byte {
	t.Helper()
	filled := marked.ReplaceAllStringFunc(text, func(part string) string {
		m := marked.FindStringSubmatch(part)
		content, ok := parts[m[2]]
		if !ok {
			t.Errorf("there is nothing to say of %q", m[2])
		}
		delete(parts, m[2])
		return m[1] + "\n" + content + "\n" + m[3]
	})
	for name := range parts {
		t.Errorf("docs/scenarios.md has no place for %q", name)
	}
	return []byte(filled)
}

func code(text string) string { return "```yaml\n" + text + "```\n" }

// tables are the keys in Markdown, a table for each place.
func (r *referenceOf) tables(what string) string {
	var b strings.Builder
	for i, d := range r.keys {
		if i == 0 || r.keys[i-1].path != d.path {
			title := "The whole " + what
			if d.path != "" {
				title = "`" + d.path + "`"
			}
			fmt.Fprintf(&b, "### %s\n\n| key | value | meaning | left out | example |\n|---|---|---|---|---|\n", title)
		}
		left := d.left
		switch {
		case d.required:
			left = "**required**"
		case left == "":
			left = "`false`"
		}
		value := typeText(d.typ)
		if mappingOf(d.typ) != nil {
			of := below(d.path, d.name)
			value = strings.Replace(value, "keys", "[keys](#"+strings.ReplaceAll(of, ".", "")+")", 1)
		}
		example := ""
		if d.shown != "" {
			example = "`" + d.shown + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", d.name, value, cell(d.doc+r.words(d.typ, "<br>`%s`: %s.")), left, cell(example))
		if i == len(r.keys)-1 || r.keys[i+1].path != d.path {
			b.WriteByte('\n')
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// words says what each of the words means that a value can be.
func (r *referenceOf) words(t reflect.Type, format string) string {
	var b strings.Builder
	for _, c := range r.comments.values[t.Name()] {
		if t.PkgPath() == reflect.TypeFor[Scenario]().PkgPath() {
			fmt.Fprintf(&b, format, c.value, strings.ToLower(c.doc[:1])+strings.TrimSuffix(c.doc[1:], "."))
		}
	}
	return b.String()
}

// wrapped breaks a text into lines.
func wrapped(text string) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 90 {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}

// faultText are the kinds of faults, and what ParseFault says of their parameters.
func faultText(t *testing.T) string {
	c := commentsIn(t, "network")
	kinds := strings.NewReplacer("as As says", "as `as` says", "By later", "`by` later").Replace(listOf(c.values["Kind"]))
	return kinds + "\n" + preformatted(c.of["ParseFault"])
}

func policyText(t *testing.T) string {
	c := commentsIn(t, "../archive")
	kinds := listOf(slices.DeleteFunc(c.values["Kind"], func(k constant) bool { return k.value == "adaptive" }))
	return strings.NewReplacer("0: retry at once", "not at all", "Base", "base", "Cap", "cap").Replace(kinds) +
		"- `adaptive`: as long as there are writers to make room for, see [adaptive.md](adaptive.md)\n"
}

func latencyText(t *testing.T) string {
	return preformatted(commentsIn(t, "network").of["ParseDistribution"])
}

func outcomeText(t *testing.T) string {
	return goError.ReplaceAllString(listOf(commentsIn(t, "../archive").values["Outcome"]), ": ")
}

var goError = regexp.MustCompile(`: (?:\w+Error|Err\w+): `)

func listOf(constants []constant) string {
	var b strings.Builder
	for _, c := range constants {
		fmt.Fprintf(&b, "- `%s`: %s\n", c.value, c.doc)
	}
	return b.String()
}

// preformatted is that part of a comment.
func preformatted(doc string) string {
	var b strings.Builder
	for line := range strings.Lines(doc) {
		if inside, ok := strings.CutPrefix(line, "\t"); ok {
			b.WriteString(strings.ReplaceAll(inside, "[AnswerNames]", "the answers that simulate run --help names"))
		}
	}
	return "```\n" + strings.ReplaceAll(b.String(), ", see [Throttle]", "") + "```\n"
}

// TestEveryKeyIsDescribed: what it is, and what leaving it out means.
func TestEveryKeyIsDescribed(t *testing.T) {
	for _, r := range []*referenceOf{newReference(t, reflect.TypeFor[Scenario](), scenarioExamples...), newReference(t, reflect.TypeFor[Layout](), layoutExample)} {
		for _, d := range r.keys {
			path := below(d.path, d.name)
			if d.doc == "" || strings.ContainsAny(d.doc, "[]") {
				t.Errorf("%s: %q says nothing to users", path, d.doc)
			}
			if d.left == "" && !d.required && d.typ.Kind() != reflect.Bool || d.left != "" && d.required {
				t.Errorf("%s: %q does not say what leaving it out means", path, d.doc)
			}
		}
	}
}

// TestRequiredKeys are those that the parser misses, if all that needs them is there.
func TestRequiredKeys(t *testing.T) {
	r := newReference(t, reflect.TypeFor[Scenario](), scenarioExamples...)
	for _, d := range r.keys {
		missed, without := false, 0
		for _, file := range scenarioExamples {
			doc, err := parseYAML(file, []byte(readFile(t, file)), "scenario")
			if err != nil {
				t.Fatal(err)
			}
			if !removeKey(doc, d) {
				continue
			}
			without++
			_, err = fromTree(file, doc)
			missed = missed || err != nil
			text := doc.String()
			if err := conforms(t, Schema, text); d.required && err == nil {
				t.Errorf("the schema accepts %s without %s", file, below(d.path, d.name))
			}
		}
		if without == 0 || d.required && !missed {
			t.Errorf("%s: required is %v, the parser misses it: %v", below(d.path, d.name), d.required, missed)
		}
	}
}

func removeKey(doc *ast.DocumentNode, d described) (removed bool) {
	for _, s := range spots(doc.Body, "") {
		if m, ok := s.node.(*ast.MappingNode); ok && withoutNumbers(s.path) == d.path {
			m.Values = slices.DeleteFunc(m.Values, func(v *ast.MappingValueNode) bool {
				is := v.Key.GetToken().Value == d.name
				removed = removed || is
				return is
			})
		}
	}
	return removed
}
