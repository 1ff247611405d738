package compact

import (
	"testing"

	"holdfast/archive"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func mustParse(t testing.TB, body string) *archive.Change {
	t.Helper()
	c, err := archive.ParseChange([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mod(id string) archive.Modification {
	return archive.Modification{
		ID: id, Timestamp: "2026-01-02T03:04:05Z", UserID: "backend-17", Type: archive.Processed, CustomerCode: "ACME",
	}
}
