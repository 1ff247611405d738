// Package mutate finds the mutants of Go packages: small faults that syntax offers
// and that still compile, drawn by a seed.
//
// A mutant is one replacement in one file's text, so that its diff is what a person
// would have typed and line numbers stay. The operators are our own. Those of
// go-mutesting change a syntax tree in place and print it anew, which moves comments
// and makes diffs of what has not changed; they know neither sentinels, arguments,
// bounds nor literals' elements. Those of Gremlins exchange tokens only, and can't be
// imported. Both run `go test` and nothing else.
package mutate
