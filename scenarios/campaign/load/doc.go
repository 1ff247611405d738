// Package load plays a load on one set of objects by many processes at once, the shards of a
// campaign, and brings their histories together.
//
// # How a load goes
//
// Below load/ of the campaign's prefix are its objects:
//
//	sandbox                  where the shards play, chosen by the first of them
//	claims/SHARD-ATTEMPT     whose attempt it is; created, so that each is of one process
//	ready/SHARD-ATTEMPT      it is ready; written again and again while it waits
//	go                       all are: which attempt of each shard plays
//	history/SHARD-ATTEMPT/N  the N-th segment of what it has recorded
//	ended/SHARD-ATTEMPT      it has ended, with so many segments
//	final                    what was left, as merging has read it
//
// Every shard stores the documents that are not there yet, says that it is ready, and waits.
// Whoever sees all of them ready creates go; all start when they have read it. An attempt that
// dies before that is replaced by another; its ready grows old and counts no more. From go on
// it is settled which attempts play: one that comes later plays nothing ([BegunError]), for a
// load can't be played again, and what its shard has done until it died is evidence.
//
// While the load runs, each shard publishes its history in segments, each a frame of Zstandard
// that holds whole lines: one after the other they are the file. So of a shard that is killed
// what came in the last second or two is missing, and nothing else. Segments are created under
// the condition that there is none of their name, by the only process that has the attempt.
//
// # What is judged
//
// [Load.Collect] writes the histories to files and reads the final state of the objects, once:
// that is the history of one recorder more. Each has a clock of its own. The measurement of
// them all is that of [holdfast/scenarios/measure.FromFiles].
package load
