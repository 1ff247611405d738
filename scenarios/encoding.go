package scenarios

import (
	"holdfast/archive"
	"holdfast/scenarios/compact"
	"holdfast/scenarios/history"
	"holdfast/scenarios/memo"
)

// encoding is how the documents of a run are encoded, and described in its history.
type encoding struct {
	codec    archive.Codec // nil: the core's own
	encoded  func(*archive.Change) archive.Document
	describe history.Describer
}

// Codec is how the run's documents are encoded in a virtual world: as the scenario
// says, unless the core or the API can't work on them.
func (r *Run) Codec() Codec {
	if r.Scenario.Codec == Compact && r.Scenario.Via != ViaAPI && !r.Core.JSONOnly {
		return Compact
	}
	return JSON
}

func asTheyAre(doc *archive.Change) archive.Document { return doc }

// realEncoding is that of the real world.
func (r *Run) realEncoding() encoding {
	return encoding{encoded: asTheyAre, describe: history.NewJSONDescriber(r.Layout.Archive())}
}

// virtualEncoding is that of virtual worlds, of one goroutine: real documents,
// each version of which is parsed and edited once, or compact ones.
func (r *Run) virtualEncoding() encoding {
	switch {
	case r.Core.JSONOnly: // it knows of no document but a Change
		return r.realEncoding()
	case r.Codec() == Compact:
		return encoding{codec: compact.Codec, encoded: compact.NewTwins(), describe: compact.NewDescriber(r.Layout.Archive())}
	}
	m := memo.New(r.Layout.Archive())
	return encoding{codec: m.Codec, encoded: asTheyAre, describe: m}
}
