// Package schema holds the JSON Schemas of the result documents.
package schema

import _ "embed"

// Result is the schema of simulate.result/v1.
//
//go:embed result.v1.schema.json
var Result []byte
