package scenarios

import _ "embed"

// Schema is the JSON Schema of scenario files, for editors; docs/scenarios.md says how they
// are told of it. It knows every key. What it refuses the parser refuses, but for a key
// that is there without a value.
//
//go:embed schema/scenario.schema.json
var Schema []byte

// LayoutSchema is the JSON Schema of layout files.
//
//go:embed schema/layout.schema.json
var LayoutSchema []byte
