package scenarios

import (
	"context"
	"encoding/json"
	"fmt"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// The fields that all back ends with shared edits update: how many updates there were,
// and how many of them each has made.
const (
	sharedCount = "x_count"
	sharedMap   = "x_updates"
)

// share updates what others update too, by an edit that is made of what is stored.
func (f *performer) share(ctx context.Context, id string, due int64) error {
	f.baseID = id
	mods := f.modifications(nil, archive.Processed)
	in := f.meaning(intent{op: history.Operation{Do: "update", ID: id, Due: due}})
	in.op.WantsFields(mods, sharedCount, sharedMap)
	in.make = func(current archive.Snapshot) (archive.Edit, error) {
		set, err := f.shared(current)
		edit := archive.Edit{Fields: set, Modifications: mods, Once: mods[0].ID}
		if err == nil {
			f.client.Made(edit, current)
		}
		return edit, err
	}
	_, err := f.submit(ctx, in)
	return err
}

// shared are the shared fields with one more update of this back end.
func (f *performer) shared(current archive.Snapshot) (fields, error) {
	count, each := 0, map[string]int{}
	for name, into := range map[string]any{sharedCount: &count, sharedMap: &each} {
		if raw, there := current.Document.Field(name); there {
			if err := json.Unmarshal(raw, into); err != nil {
				return nil, fmt.Errorf("the field %s is not as the back ends write it: %w", name, err)
			}
		}
	}
	count++
	each[f.name]++
	number, err := json.Marshal(count)
	if err != nil {
		return nil, err
	}
	all, err := json.Marshal(each) // in the order of its keys
	return fields{sharedCount: number, sharedMap: all}, err
}
