package world

import (
	"context"
	"fmt"

	"holdfast/archive"
	"holdfast/scenarios/network"
)

// aside is the model store as the harness reaches it: beside the network, so that its
// calls take no time, meet no fault and use up nothing of what the store can serve.
type aside struct{ model *Model }

// Do implements [network.Doer].
func (s aside) Do(ctx context.Context, m network.Method, key string, body []byte, cond archive.Condition) (read []byte, etag string, err error) {
	if err := unsent(ctx); err != nil {
		return nil, "", err
	}
	return s.model.Object(key).Do(m, body, cond)
}

// unsent is the error of a call whose client had given up before.
func unsent(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w before the request was sent", err)
	}
	return nil
}
