package scenarios

import (
	"errors"

	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// crashed is what ends a client wherever it stands in its code.
type crashed struct{ fault *network.Fault }

// Error is what the end of a program shows that nothing else ends: the harness catches
// every crash of its own clients.
func (crashed) Error() string {
	return "a client died in a call to its store, as the scenario asks for, and this goroutine is not the client's: " +
		"a core must not use its store from goroutines of its own"
}

// panicIfDead ends a client after a call whose answer it is not to see.
func panicIfDead(crash *network.Fault, err error) {
	if crash != nil {
		panic(crashed{crash})
	}
	if died, dead := err.(*world.Died); dead { //nolint:errorlint // nobody has wrapped it
		panic(crashed{&died.Fault})
	}
}

// catchCrash returns the crash that ended do.
func catchCrash(do func()) (crash *network.Fault) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case crashed:
			crash = r.fault
		default:
			panic(r)
		}
	}()
	do()
	return nil
}

// errDied ends what a client does that died and does not start again.
var errDied = errors.New("the client died")

// errRestarted ends what a user did whose page is gone.
var errRestarted = errors.New("the client died and started again")
