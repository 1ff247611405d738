package telemetry

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// TestTriggerInDoubt: of a trigger whose answer was lost it is not said that its customer is
// not told.
func TestTriggerInDoubt(t *testing.T) {
	err := fmt.Errorf("write trigger: %w", archive.ErrOutcomeUnknown)
	text := strings.Join(lines(written(t, slog.LevelDebug, func(l *slog.Logger) { LogDelivered(l).Trigger(t.Context(), delivery.TriggerInfo{Err: err}) })), "\n")
	if text != "WARN trigger given up: it is not known whether its customer is told" {
		t.Errorf("logged:\n%s", text)
	}
}

// TestDeliveries: triggers, messages and dead letters are counted, and what fails is told.
func TestDeliveries(t *testing.T) {
	got := total{}
	failed := errors.New("403 AccessDenied")
	all := func(o delivery.Observer) {
		for _, err := range []error{nil, nil, failed} {
			o.Trigger(t.Context(), delivery.TriggerInfo{Trigger: delivery.Trigger{Customer: "hts", ObjectID: "CHG-1"}, Attempts: 3, Err: err})
			o.Message(t.Context(), delivery.MessageInfo{Message: delivery.Message{Customer: "hts", ObjectID: "CHG-1"}, Err: err})
		}
		o.DeadLetter(t.Context(), delivery.Message{Customer: "hts", ObjectID: "CHG-1"})
	}
	all(Delivered(got))
	for name, want := range map[string]int64{
		"TriggerCount": 3, "TriggerFailureCount": 1, "MessageCount": 3, "MessageFailureCount": 1, "DeadLetterCount": 1,
	} {
		if got[name] != want {
			t.Errorf("%s is %d, want %d", name, got[name], want)
		}
	}
	text := strings.Join(lines(written(t, slog.LevelDebug, func(l *slog.Logger) { all(LogDelivered(l)) })), "\n")
	want := "WARN trigger given up: its customer is not told yet\nWARN message not processed: it comes again\n" +
		"ERROR message given up: it was delivered as often as the queue allows"
	if text != want {
		t.Errorf("logged:\n%s", text)
	}
}
