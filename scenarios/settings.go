package scenarios

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// Settings are what decides what the run does in a world, by the path of each in a scenario
// file, such as actors.writer.count, with defaults spelled out and without what has no effect:
// what can be compared of two runs. Core, policy, latency and document are among them; the
// seed and the number of repetitions are not.
func (r *Run) Settings(in string) (map[string]string, error) {
	text, err := r.spelledOut().Encode()
	if err != nil {
		return nil, err
	}
	var tree yaml.MapSlice
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("list the settings of %s: %w", r.Scenario.Name, err)
	}
	all := map[string]string{}
	flatten(all, "", tree)
	all["core"], all["policy"], all["document"] = r.Core.Name, r.Policy.String(), r.Document.ID()
	latency := r.Latency()
	if in == RealWorld {
		latency = r.AddedLatency()
	}
	if label := latency.Label(); label != "" {
		all["latency"] = label
	}
	if r.Layout != nil {
		all["layout"] = r.Layout.Name
	}
	return all, nil
}

// flatten lists what a tree holds by its paths. Of a list, an element is called by its name,
// or else by its number from 1 on.
func flatten(all map[string]string, path string, value any) {
	below := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	switch v := value.(type) {
	case yaml.MapSlice:
		for _, item := range v {
			flatten(all, below(fmt.Sprint(item.Key)), item.Value)
		}
	case map[string]any:
		for name, item := range v { // in any order: each has a path of its own
			flatten(all, below(name), item)
		}
	case []any:
		for i, item := range v {
			flatten(all, below(calledOr(item, strconv.Itoa(i+1))), item)
		}
	default:
		if text := fmt.Sprint(v); text != "" && path != "name" && !strings.HasSuffix(path, ".name") {
			all[path] = text
		}
	}
}

// calledOr is the name that an element of a list has; none is what it is called without one.
func calledOr(item any, none string) string {
	switch v := item.(type) {
	case map[string]any:
		if name, ok := v["name"].(string); ok {
			return name
		}
	case yaml.MapSlice:
		for _, m := range v {
			if name, ok := m.Value.(string); ok && m.Key == "name" {
				return name
			}
		}
	}
	return none
}
