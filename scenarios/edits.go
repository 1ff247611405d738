package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// chooseFields is what a user makes of what is on the page: another text in one field, now
// and then in two; or anything.
func (f *performer) chooseFields() (fields, error) {
	f.edits++
	text, err := json.Marshal(fmt.Sprintf("Edit %d by %s, repetition %d.", f.edits, f.name, f.repetition.number))
	if err != nil {
		return nil, err
	}
	if f.actor.Load.Edits == AnyEdits {
		return f.chooseAnyFields(text)
	}
	names := f.repetition.editable
	set := fields{names[f.rng.IntN(len(names))]: text}
	if f.rng.IntN(4) == 0 {
		set[names[f.rng.IntN(len(names))]] = text
	}
	return set, nil
}

// newFields are such as documents lack at first. They are few, so that two users often
// think of the same one.
var newFields = []string{"x_contact", "x_ticket", "x_note"}

// newCustomers are such as documents lack at first.
var newCustomers = []string{"customer-new", "customer-newer"}

// shapes are values that look like others and are not the same, or that tempt who
// handles them to drop them: own stands for one that nobody else submits.
var shapes = []string{
	`null`, `""`, `"null"`, `0`, `false`, `[]`, `{}`, `{"none":null,"of":own}`, `["a",own]`,
	`12345678901234567890`, `1.0`, `1e2`, `"\u00e9 \ud83d\ude00 \u003c&\u003e \/ \\ \""`, `" padded\t"`, `"\ud83d"`, `"\ufffd"`,
}

// chooseAnyFields sets one field to three, or removes some, of whatever the document has, or new ones. Some
// are submitted as they were loaded, as a form does that sends all of its fields.
func (f *performer) chooseAnyFields(own []byte) (fields, error) {
	pool := slices.Concat(f.repetition.document.FieldNames(), newFields, newFields)
	pool = slices.DeleteFunc(pool, func(name string) bool {
		return !f.repetition.document.Layout().CanSet(name)
	})
	set := fields{}
	for range 1 + f.rng.IntN(3) {
		name := pool[f.rng.IntN(len(pool))]
		if was, there := f.base.Document.Field(name); there && f.rng.IntN(4) == 0 {
			set[name] = was
			continue
		}
		if f.rng.IntN(6) == 0 {
			set[name] = nil
			continue
		}
		value, err := f.anyValue(name, own)
		if err != nil {
			return nil, err
		}
		set[name] = value
	}
	return set, nil
}

// anyValue is one that a field can hold.
func (f *performer) anyValue(field string, own []byte) (json.RawMessage, error) {
	if field == f.repetition.document.Layout().Customers {
		codes := slices.Concat(customers(f.repetition.document), newCustomers)
		f.rng.Shuffle(len(codes), func(i, j int) { codes[i], codes[j] = codes[j], codes[i] })
		return json.Marshal(codes[:1+f.rng.IntN(len(codes))])
	}
	if f.rng.IntN(2) == 0 {
		return own, nil
	}
	shape := []byte(shapes[f.rng.IntN(len(shapes))])
	return bytes.ReplaceAll(shape, []byte("own"), own), nil
}
