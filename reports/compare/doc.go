// Package compare holds two results against each other: OLD, which is trusted, and NEW. What
// the seed fixes is compared exactly, repetition by repetition; statistics are for what is
// left. It plays and judges nothing.
//
// The order is that of what can be relied on. A violation that OLD does not have is worse, by
// itself. Virtual repetitions of the same seed that went alike are the same; those that
// went otherwise differ for sure, and whether NEW is worse for it is decided by their
// differences, pair by pair. Other repetitions are two samples. A figure is worse, or
// better, only if that is significant over all figures of the comparison and large enough.
// What depends on the wall clock is told, and decides nothing unless that is asked for.
//
// The unit is the repetition: operations within one meet each other, so they are
// not independent.
package compare
