package cores

import (
	"context"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// The bugs by which a customer is forgotten, or bothered, although a reconciler runs.

const outbox = "outbox"

var plantedOutbox = []Bug{
	reconciler("first-customer-told", "of the customers who were forgotten the first one is told, and the rest taken for told",
		func(o *delivery.ReconcilerOptions) {
			o.Parallel = func(n int, do func(i int)) {
				if n > 0 {
					do(0)
				}
			}
		}),
	reconciler("grace-ignored", "customers are told of an upload whose server is still telling them",
		func(o *delivery.ReconcilerOptions) { o.Grace = time.Nanosecond }),
	reconciler("any-processed-is-told", "who has processed anything is taken for told of all that is stored",
		func(o *delivery.ReconcilerOptions) { o.Core = credulous{o.Core} }),
	uploads("upload-unmarked", "the entries of uploads say nothing of there being somebody to be told", func(o delivery.UploaderOptions) (Uploads, error) {
		o.Core = unmarking{o.Core}
		return delivery.NewUploader(o)
	}).shows(outbox, "I9"),
	backend("covers-at-append", "an entry covers all that is there when it is appended, and not what the work was done on",
		outbox, workerFlaw{coversLate: true}),
	backend("covers-unsaid", "an entry does not say what it covers, so that it is taken to cover all that stands before it",
		outbox, workerFlaw{coversUnsaid: true}),
}

// reconciler is a bug in what the reconciler works with.
func reconciler(name, fault string, change func(*delivery.ReconcilerOptions)) Bug {
	return Bug{Spec{Name: name, Fault: fault, New: production, Reconciler: func(o delivery.ReconcilerOptions) (Sweeper, error) {
		change(&o)
		return delivery.NewReconciler(o)
	}}, "I9", outbox, 0, true}
}

// credulous shows documents in which whoever has processed anything covers everything.
type credulous struct{ archive.Core }

func (c credulous) Load(ctx context.Context, id string) (archive.Snapshot, error) {
	loaded, err := c.Core.Load(ctx, id)
	doc := loaded.Change()
	if err != nil || doc == nil {
		return loaded, err
	}
	mods, err := doc.Modifications()
	if err != nil {
		return loaded, err
	}
	for _, m := range mods {
		if m.Type == archive.Processed && loaded.Document != nil {
			m.ID, m.Covers = "covers-all-"+m.CustomerCode, delivery.LastUpload(doc)
			if loaded.Document, err = loaded.Document.Apply(archive.Edit{Modifications: []archive.Modification{m}}); err != nil {
				return loaded, err
			}
		}
	}
	return loaded, nil
}

// unmarking stores entries without the mark of an upload.
type unmarking struct{ archive.Core }

func (c unmarking) Create(ctx context.Context, id string, doc archive.Document, mods ...archive.Modification) (archive.Snapshot, error) {
	return c.Core.Create(ctx, id, doc, unmarked(mods)...)
}

func (c unmarking) Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error) {
	edit.Modifications = unmarked(edit.Modifications)
	return c.Core.Save(ctx, id, base, edit)
}

func unmarked(mods []archive.Modification) []archive.Modification {
	for i := range mods {
		mods[i].Notify = false
	}
	return mods
}
