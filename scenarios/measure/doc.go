// Package measure plays runs in either world, judges every repetition, and pools what
// they have shown.
//
// A [Plan] is a list of points, each a run in a world; a [Part] is some repetitions of a
// point, a pure value: what it shows depends on nothing else, so it can be written down
// and played elsewhere. What parts have shown, each a [Sample], a [Pool] puts together in
// any order of arrival with the same result, a [Measurement]. [Play] does all of it, on as
// many goroutines as it is given; the result does not depend on their number.
//
// All numbers come from the history, so that a saved one gives the same measurement again:
// [FromFile]. In the real world the history is on disk before it is judged.
package measure
