// Package network is what befalls a store call on its way: the latency of each
// leg, and faults.
//
// It holds the two texts that scenarios and flags share, a [Latency] such as
// normal(10ms,2ms) or s3-standard and a [Fault] such as reply-lost(nth=2,actor=bob),
// and what decides by them: [Distribution.Sample] how long a leg takes,
// [Injector] which fault befalls which call. A decision is made in front of
// the store and travels to the request in the call's context ([WithFault]), so
// that what stands between, the recorder, the adapter and the SDK, is the same
// with faults and without.
//
// # What is guaranteed
//
//   - A text prints as it is read: parsing what String returns gives the same.
//   - Decisions depend on the random stream, the sequence of an actor's calls and
//     the times that are stated with them only: never on the wall clock, on other
//     actors, or on whether another fault struck the same call.
//   - A fault does what it says to the request, so that an adapter sees what it
//     would see in production; it never invents an answer that S3 does not give.
//
// # What is not
//
// A virtual store brings its own transport. [Transport] is for the real world,
// where it stands between the SDK and HTTP. It adds what happens on the way;
// how long a store serves a call, and what it does under load, is the real
// store's own, but for a [Throttle] that the scenario asks for. Crash, duplicate and delete happen outside of a call: whoever
// plays the actors carries them out.
package network
