package scenarios

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"holdfast/archive"
)

// fields are to be set, to these values, or removed, if the value is nil.
type fields map[string]json.RawMessage

// withEntries is the edit of the fields, with these entries.
func (f fields) withEntries(mods []archive.Modification) archive.Edit {
	e := archive.Edit{Fields: f, Modifications: mods}
	for name, value := range f {
		if value == nil {
			e.Remove = append(e.Remove, name)
		}
	}
	if len(e.Remove) > 0 {
		slices.Sort(e.Remove)
		e.Fields = maps.Clone(f)
		maps.DeleteFunc(e.Fields, func(_ string, value json.RawMessage) bool { return value == nil })
	}
	return e
}

// fields are what the step sets, as JSON, and removes. [Step.checkFields] has seen that they can be.
func (s *Step) fields() fields {
	if len(s.Set)+len(s.SetJSON)+len(s.Remove) == 0 {
		return nil
	}
	all := make(fields, len(s.Set)+len(s.SetJSON)+len(s.Remove))
	for name, value := range s.Set {
		all[name], _ = json.Marshal(value)
	}
	for name, text := range s.SetJSON {
		all[name] = json.RawMessage(text)
	}
	for _, name := range s.Remove {
		all[name] = nil
	}
	return all
}

// checkFields reports why the step's fields can't be set, and which key is at fault.
func (s *Step) checkFields() (key string, err error) {
	for _, name := range slices.Sorted(maps.Keys(s.Set)) {
		if _, err := json.Marshal(s.Set[name]); err != nil {
			return ".set", fmt.Errorf("the value of %s can't be written as JSON: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.SetJSON)) {
		if _, twice := s.Set[name]; twice {
			return ".set_json", fmt.Errorf("%s is among set already", name)
		}
		if !json.Valid([]byte(s.SetJSON[name])) {
			return ".set_json", fmt.Errorf("the value of %s is not JSON: text must stand in double quotes, within the single ones of YAML", name)
		}
	}
	return "", nil
}
