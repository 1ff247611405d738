// Package campaign is the contract by which many machines play one plan: what is played is
// planned once, each machine publishes what its share has shown, and whoever merges finds
// each result exactly once. There is no server and no queue: an engine that starts array jobs
// gives each machine an index, and all else is objects under a [Prefix], a directory or a
// store with conditional writes.
//
// # Words
//
//   - plan: all that is to be played, as values; it is written once.
//   - job: what a plan holds for its kind of command ([Points], [Tuning], [Exploration], a load).
//   - stage: what can be played without knowing what else is shown; most plans have one, [Whole].
//   - unit: the smallest that is published; numbered within its stage.
//   - part: what a unit is to whoever plays it: a range of a point's repetitions
//     ([holdfast/scenarios/measure.Part]), or a piece of a search ([holdfast/scenarios/explore.Unit]).
//   - shard: a share of the units of every stage, for one index of an engine.
//   - worker: a process that plays a shard; attempt: which start of it by the engine.
//   - result: what a unit has shown, as bytes; piece: an object that holds those of a row of units.
//   - segment: in a load, which has no results, a row of lines of the history of a shard.
//   - recorder: whoever has watched a share of one run and made a history of it, each by a clock of
//     its own: the shards of a load, and whoever reads the final state.
//
// # Units
//
// What is to be played is cut into units, numbered from 0 in an order that depends on the
// plan alone. Shard k of n has the units from k·units/n to (k+1)·units/n ([Range]). What a
// unit has shown is bytes, which depend on the plan and the unit's number alone. A plan whose
// later units depend on what earlier ones have shown has several [Stage]s, each with units of
// its own.
//
// # Each unit counts exactly once
//
// A shard's results are pieces. A piece holds those of consecutive units, and its name says of
// which shard and which is the first: shards/00017/0000025 begins with the shard's unit 25.
// Four rules hold:
//
//  1. A piece is created under the condition that there is none of its name, and is never
//     written again or removed. So each name has at most one content for ever.
//  2. Whoever creates the piece that begins with unit u has read, or created, a piece that ends
//     with unit u-1, or u is 0. So by induction the pieces of a shard are one chain, each begins
//     where the one before it ends, and each unit is in one of them at most, whoever played it
//     and however often.
//  3. [Campaign.Collect] follows this chain and gives each of its units once. A piece that is
//     cut, altered or of another plan is found by its checksum and what it says of itself; it
//     ends the chain, is named ([GarbledError]), and none of its units counts.
//  4. Who finds a name taken compares what is there with its own results, byte for byte. Equal, and it
//     goes on after them: this also settles its own create whose reply was lost. Other bytes mean
//     that the same unit of the same plan and program has shown two things ([DeterminismError]),
//     which is kept under disputes/: until somebody has removed it nothing is collected.
//
// So a worker may die at any moment, be started again, or run twice at the same time: what was
// published stays, and what was not is played again.
//
// # What is lost when
//
// A worker publishes when its shard is complete, now and then ([Shard.Every]), and what is
// complete when its context ends, a unit fails or the campaign is stopped. A killed worker loses
// what it had not published; so does one whose store refuses to take it (full, no permission) or
// is out of reach for longer than [PublishFor]. It says which units, and whoever has its index
// next plays them again.
//
// # What is there beside the results
//
// The other objects decide nothing about results: marks (done/…) say in their names how far a
// shard is, heartbeats (workers/…) who is at work, and stop asks all workers to end. Marks and
// heartbeats may be lost: then [Campaign.Status] knows less.
package campaign
