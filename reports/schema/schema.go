// Package schema holds the JSON Schemas of the result documents.
package schema

import _ "embed"

// Result is the schema of simulate.result/v1.
//
//go:embed result.v1.schema.json
var Result []byte

// Explore is the schema of simulate.explore/v1.
//
//go:embed explore.v1.schema.json
var Explore []byte

// SelfTest is the schema of simulate.selftest/v1.
//
//go:embed selftest.v1.schema.json
var SelfTest []byte

// Doctor is the schema of simulate.doctor/v1.
//
//go:embed doctor.v1.schema.json
var Doctor []byte

// Tune is the schema of simulate.tune/v1.
//
//go:embed tune.v1.schema.json
var Tune []byte

// Sweep is the schema of simulate.sweep/v1.
//
//go:embed sweep.v1.schema.json
var Sweep []byte

// List is the schema of simulate.list/v1.
//
//go:embed list.v1.schema.json
var List []byte

// Version is the schema of simulate.version/v1.
//
//go:embed version.v1.schema.json
var Version []byte

// Clean is the schema of simulate.clean/v1.
//
//go:embed clean.v1.schema.json
var Clean []byte

// Intent is the schema of simulate.intent/v1.
//
//go:embed intent.v1.schema.json
var Intent []byte

// Trend is the schema of simulate.trend/v1.
//
//go:embed trend.v1.schema.json
var Trend []byte

// Compare is the schema of simulate.compare/v1.
//
//go:embed compare.v1.schema.json
var Compare []byte

// Baseline is the schema of simulate.baseline/v1.
//
//go:embed baseline.v1.schema.json
var Baseline []byte

// Repetitions is the schema of each line of simulate.repetitions/v1.
//
//go:embed repetitions.v1.schema.json
var Repetitions []byte

// Campaign is the schema of simulate.campaign/v1.
//
//go:embed campaign.v1.schema.json
var Campaign []byte
