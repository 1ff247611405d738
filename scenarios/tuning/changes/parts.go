package changes

import (
	"context"
	"fmt"
	"hash/fnv"

	"holdfast/archive"
)

// Parts is how many objects stand for one. More later need what is stored to be moved.
type Parts int

// Of is the part of an object that a customer's updates go to.
func (p Parts) Of(object, customer string) string {
	h := fnv.New32a()
	h.Write([]byte(customer))
	return p.name(object, int(h.Sum32()%uint32(p)))
}

// Load reads all parts: who wants the whole object pays a read for each.
func (p Parts) Load(ctx context.Context, core *archive.Archive, object string) ([]archive.Snapshot, error) {
	all := make([]archive.Snapshot, p)
	for n := range all {
		var err error
		if all[n], err = core.Load(ctx, p.name(object, n)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (p Parts) name(object string, part int) string { return fmt.Sprintf("%s-%02d", object, part) }
