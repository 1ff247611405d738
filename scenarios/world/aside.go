package world

import (
	"context"
	"fmt"

	"holdfast/scenarios/network"
)

// aside is the model store as the harness reaches it: beside the network, so that its
// calls take no time, meet no fault and use up nothing of what the store can serve.
type aside struct{ model *Model }

// Do implements [network.Doer].
func (s aside) Do(ctx context.Context, c network.Call) network.Reply {
	if err := unsent(ctx); err != nil {
		return network.Reply{Err: err}
	}
	return s.model.Object(c.Key).Do(&c)
}

// unsent is the error of a call whose client had given up before.
func unsent(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w before the request was sent", err)
	}
	return nil
}
