package delivery

import (
	"context"
	"errors"
	"testing"
	"time"

	"holdfast/archive"
)

// TestObserversSeeDeliveries: every trigger with its attempts, every end of a message's
// processing, and every message that is given up.
func TestObserversSeeDeliveries(t *testing.T) {
	s := newService(t)
	var triggers []TriggerInfo
	var messages []MessageInfo
	dead := 0
	o := Observer{
		Trigger:    func(_ context.Context, i TriggerInfo) { triggers = append(triggers, i) },
		Message:    func(_ context.Context, i MessageInfo) { messages = append(messages, i) },
		DeadLetter: func(context.Context, Message) { dead++ },
	}
	s.up.observer, s.back.o.Observer, s.queue.o.Observer = o, o, o
	s.up.parallel = Goroutines(1)
	n := 0
	s.on = func(_ context.Context, call string, do func() error) error {
		if call == "put "+htsKey && n < 2 {
			n++
			return archive.ErrThrottled
		}
		return do()
	}
	s.upload("hts")
	s.on = nil
	if len(triggers) != 1 || triggers[0].Err != nil || triggers[0].Attempts < 2 || triggers[0].Elapsed == 0 || triggers[0].Trigger.Customer != "hts" {
		t.Errorf("triggers %+v", triggers)
	}
	d := s.receive()
	s.on = func(_ context.Context, call string, do func() error) error {
		if call == "work" {
			return errors.New("no meeting room")
		}
		return do()
	}
	s.back.Handle(t.Context(), d)
	s.on = nil
	s.back.Handle(t.Context(), d)
	s.back.Handle(t.Context(), d)
	if len(messages) != 3 || messages[0].Err == nil || messages[1].Err != nil || messages[1].Repeated || !messages[2].Repeated {
		t.Errorf("messages %+v", messages)
	}
	s.queue.Send(Message{Customer: "hts", ObjectID: "CHG-1"}, 0)
	for range 20 {
		_, _ = s.queue.TryReceive()
		s.clock.Pass(time.Hour)
	}
	if dead != 1 {
		t.Errorf("%d dead letters", dead)
	}
}
