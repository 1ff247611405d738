package s3store_test

import (
	"context"
	"encoding/json"
	"fmt"

	"holdfast/archive"
	"holdfast/archive/s3store/fakes3"
)

// A user's save, as the README shows it.
func Example() {
	server, err := fakes3.Start() // in production: s3store.Open(ctx, s3store.Config{Bucket: "changes"})
	if err != nil {
		panic(err)
	}
	defer server.Close()
	ctx := context.Background()
	a, err := archive.New(archive.Options{Store: server.Store()})
	if err != nil {
		panic(err)
	}
	change, err := archive.ParseChange([]byte(`{"changeId": "CHG-12345", "changeTitle": "Old title"}`))
	if err != nil {
		panic(err)
	}
	created := archive.Modification{ID: a.NewModificationID(), UserID: "alice", Type: archive.Created}
	if _, err := a.Create(ctx, "CHG-12345", change, created); err != nil {
		panic(err)
	}

	loaded, err := a.Load(ctx, "CHG-12345")
	if err != nil {
		panic(err)
	}
	saved, err := a.Save(ctx, "CHG-12345", loaded, archive.Edit{
		Fields:        map[string]json.RawMessage{"changeTitle": json.RawMessage(`"New title"`)},
		Modifications: []archive.Modification{{ID: a.NewModificationID(), UserID: "alice", Type: archive.Updated}},
	})
	title, _ := saved.Document.Field("changeTitle")
	fmt.Println(archive.OutcomeOf(err), string(title))
	// Output: committed "New title"
}
