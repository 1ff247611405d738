package telemetry

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"holdfast/archive/delivery"
)

var reconciled = []delivery.Reconciled{
	{ObjectID: "CHG-1", ETag: "e"}, // everybody knows
	{ObjectID: "CHG-2", Told: []delivery.Trigger{{Customer: "hts", ObjectID: "CHG-2", ModificationID: "m-1"}, {Customer: "cds", ObjectID: "CHG-2", ModificationID: "m-2"}}},
	{ObjectID: "CHG-3", Told: []delivery.Trigger{{Customer: "hts", ObjectID: "CHG-3", ModificationID: "m-3"}}, Err: errors.New("write trigger: 403")},
	{Err: errors.New("sweep: list archive/: 403")},
}

func TestReconciledIsCounted(t *testing.T) {
	var out bytes.Buffer
	emf, err := NewEMF(&out, EMFOptions{})
	if err != nil {
		t.Fatal(err)
	}
	done := Reconciled(emf)
	done(t.Context(), reconciled[0])
	if err := emf.Flush(); err != nil || out.Len() > 0 {
		t.Errorf("%v, %s", err, out.String())
	}
	for _, r := range reconciled {
		done(t.Context(), r)
	}
	if err := emf.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"ForgottenCustomerCount":3`, `"ReconcileFailureCount":2`, `"service":"reconciler"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in %s", want, out.String())
		}
	}
}

func TestReconciledIsLogged(t *testing.T) {
	var out bytes.Buffer
	done := LogReconciled(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == slog.MessageKey {
				return slog.Attr{}
			}
			return a
		},
	})))
	for _, r := range reconciled {
		done(t.Context(), r)
	}
	const want = `level=WARN object=CHG-2 customers="[hts cds]" modifications="[m-1 m-2]"
level=WARN object=CHG-3 customers=[hts] modifications=[m-3]
level=WARN object=CHG-3 cause="write trigger: 403"
level=WARN object="" cause="sweep: list archive/: 403"
`
	if out.String() != want {
		t.Errorf("logged\n%s\nwant\n%s", out.String(), want)
	}
}
