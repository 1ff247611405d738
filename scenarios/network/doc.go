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
//     would see in production; it never invents an answer that neither S3 nor a proxy
//     before it gives.
//   - What a fault means for whoever called ([Fault.Means]) is stated here, apart from
//     the adapter, and comes back in the call's context ([Meeting]) with the number of
//     requests that were made for the call. So an adapter that takes one answer for
//     another, or an SDK that sends a request again, is noticed in any run. Only the
//     first request of a call meets its fault, so that an SDK that tries again succeeds,
//     and is seen.
//   - A throttle is decided by the store, or by [Transport] in its place, and not drawn:
//     503s follow the load. Only calls that are marked count ([Metered]), which those of
//     the harness are not.
//
// # The answers
//
// answer(as=NAME) is how S3, or what stands before it, answers the first request of a
// call; [AnswerNames] has all names. A number alone is a bare status, as a proxy sends
// it, STATUS-Code has S3's XML, and 200-… is what is wrong with a seeming success:
//
//	500, 502, 503, 504, 503-SlowDownWrite     served; nothing says so
//	503-ServiceUnavailable, 429, 429-TooManyRequests, 400-ThrottlingException
//	                                          not served: too many requests
//	409, 409-OperationAborted                 a write that met another
//	400-RequestTimeout                        not served; nothing says so
//	403-RequestTimeTooSkewed                  not served: the clock is wrong
//	301-PermanentRedirect, 403-AccessDenied, 404, 404-NoSuchBucket,
//	409-InvalidBucketState, 501-NotImplemented
//	                                          refused for good
//	412-PreconditionFailed                    a write refused although its condition holds
//	412                                       a refusal without its XML
//	200-412, 200-SlowDown, 200-InternalError  the error comes inside a 200
//	200-no-etag, 200-empty-etag, 200-cut      served; the ETag is missing, the body cut
//
// 412 and 200-412 need a write that is refused, the last three one call that succeeds;
// otherwise they leave the answer alone, and the fault has not struck.
//
// # What is not
//
// A virtual store brings its own transport. [Transport] is for the real world,
// where it stands between the SDK and HTTP. It adds what happens on the way;
// how long a store serves a call, and what it does under load, is the real
// store's own, but for a [Throttle] that the scenario asks for. Crash, duplicate and delete happen outside of a call: whoever
// plays the actors carries them out.
package network
