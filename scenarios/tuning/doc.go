// Package tuning finds the retry policy that meets an objective for a scenario,
// says what is wrong with the ones in use, and how many writers each can bear.
//
// Everything is played in virtual worlds by [measure.Play]. A plan is a number
// of repetitions, so the same scenario, seed and plan give the same document to
// the byte, whatever the machine. docs/tuning.md says what is searched, how
// candidates are compared, and where the numbers stop.
//
// Each part of a search has a stream of seeds of its own, shared by all that are compared in
// it: common noise cancels, and a winner is never validated on what chose it.
package tuning
