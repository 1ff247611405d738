package scenarios

import (
	"holdfast/archive"
	"holdfast/scenarios/compact"
	"holdfast/scenarios/history"
)

// documents is how a repetition encodes its documents, and describes them in the
// history.
type documents struct {
	codec    archive.Codec // nil: the core's own
	encoded  func(*archive.Change) archive.Document
	describe history.Describer
}

// Codec is how the run's documents are encoded in a virtual world: as the scenario
// says, unless the core can't work on them.
func (r *Run) Codec() Codec {
	if r.Scenario.Codec == Compact && !r.Core.JSONOnly {
		return Compact
	}
	return JSON
}

func asTheyAre(doc *archive.Change) archive.Document { return doc }

// realDocuments are those of the real world.
func realDocuments() documents {
	return documents{encoded: asTheyAre, describe: history.NewJSONDescriber()}
}

func (r *Run) virtualDocuments() documents {
	if r.Codec() == Compact {
		return documents{codec: compact.Codec, encoded: compact.FromChange, describe: compact.NewDescriber()}
	}
	return realDocuments()
}
