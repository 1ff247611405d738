package page

// Lanes is a story that is drawn and told: what some did to an object, or several, step by
// step, with time going down. What is drawn in a step and the sentence that tells it have the
// same number. Of a page's stories the first ten are drawn, the others told only.
type Lanes struct {
	// ID is its anchor, of [a-z0-9-], and unique in its page.
	ID string
	// Title says in one sentence who did what to whom. Means, what that is in general, and
	// Where, what of a scenario led to it, may be empty.
	Title, Means, Where string
	// Across are the lanes, from left to right.
	Across []Lane
	// Before are the versions that were there at first.
	Before []LaneVersion
	Steps  []LaneStep
	Bars   []LaneBar
	Bands  []LaneBand
	// Moves are the schedule that was played; nil: there is none. Fate says where in it all
	// was decided; empty: nobody knows.
	Moves []LaneMove
	Fate  string
}

// Lane is somebody who acts, or something that is acted on. Title is its whole name.
type Lane struct {
	Name, Title string
	Object      bool
}

// Weight says what a step is to the story.
type Weight string

// The weights.
const (
	Evidence Weight = ""        // without it, nothing would be shown
	Wrong    Weight = "wrong"   // in which it goes wrong
	Context  Weight = "context" // what happened beside
	Gap      Weight = "gap"     // steps that are left out here
)

// LaneStep is one thing that happened. Of what is drawn of it each may be nil.
type LaneStep struct {
	When   string // empty: it has no time
	Text   string // a sentence
	Weight Weight
	Move   int // of the schedule, from 1; 0: none
	// Fault befell it; empty: none did.
	Fault   string
	Box     *LaneBox
	Arrow   *LaneArrow
	Version *LaneVersion
}

// Shape is that of a box, by which it can be told from others without its color.
type Shape string

// The shapes.
const (
	Begins Shape = "begins" // an operation
	Done   Shape = "done"   // it ended well, as its client was told
	Failed Shape = "failed" // it ended otherwise, as its client was told
	Dies   Shape = "dies"   // whoever it is
	Waits  Shape = "waits"
	Says   Shape = "says" // whatever else
)

// LaneBox is what an actor wants, or is told.
type LaneBox struct {
	Lane  int
	Shape Shape
	Lines []string // one or two
}

// End is how a call ends.
type End string

// The ends.
const (
	Arrives    End = "arrives"
	Refused    End = "refused"
	ReplyLost  End = "reply-lost" // it took effect, and its caller does not know
	Unanswered End = "unanswered" // nobody knows
)

// LaneArrow goes from one lane to another. Sent is the number of steps before which the call
// was sent, if others happened between that and its answer; else the step's own.
type LaneArrow struct {
	From, To     int
	Above, Below string
	End          End
	Sent         int
}

// LaneVersion is a version of an object, or that it is gone. On is the one that it replaced
// or was built on; empty: none.
type LaneVersion struct {
	Lane     int
	Name, On string
	Gone     bool
	// Seen: it was made when nobody looked, and is met here for the first time.
	Seen bool
}

// LaneBar is an operation, from one step to another. Open: it did not end there.
type LaneBar struct {
	Lane, From, To int
	Open           bool
}

// LaneBand is for how long something holds that ought to hold on: what, how it is, and what
// becomes of it at the end.
type LaneBand struct {
	Lane, From, To    int
	Label, State, End string
}

// LaneMove is one of a schedule. Of those who go on from there at random a share comes to the
// same: Chance says it in words; empty: nobody knows. After a fateful one none escapes.
type LaneMove struct {
	Name    string
	Share   float64
	Chance  string
	Fateful bool
}
