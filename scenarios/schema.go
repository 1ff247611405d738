package scenarios

import _ "embed"

// Schema is the JSON Schema of scenario files, for editors; docs/scenarios.md says how they
// are told of it. It knows every key. What it refuses the parser refuses as well, or it
// says nothing: a key without a value, a number for a text, a part of a step that is empty.
//
//go:embed schema/scenario.schema.json
var Schema []byte

// LayoutSchema is the JSON Schema of layout files.
//
//go:embed schema/layout.schema.json
var LayoutSchema []byte
