// Package profile measures how fast a store is, and makes a [network.Profile] of it on which
// policies can be searched.
//
// [Measure] plays four small loads on keys of its own, which it deletes: single calls, one after
// another; clients with a key each, for what the store bears of all; races of writes of one
// version, for what those learn that lose; and writers who update one object as fast as they can.
// Then it plays the last two in a virtual world whose store is the profile, and says where
// what was measured lies among what the model expects. [FromHistory] makes a profile of the
// calls of a run instead.
//
// # What follows from what
//
// One clock can't tell the legs of a call from the time that the store serves it. What
// answers fastest, a HEAD of nothing, is taken to be legs alone, half of it each; all that a
// call takes beyond it, and so all that varies, counts as the store's. The time for which a
// conditional write is at risk is the same whichever way a call is divided, and so is what a lone
// call takes. What follows from the division, who waits for whom, is what the comparison with
// the racing writers is for.
package profile
