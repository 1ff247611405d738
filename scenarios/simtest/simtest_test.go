package simtest

import (
	"testing"
	"time"

	"holdfast/archive"
)

func TestProductionPasses(t *testing.T) {
	quick := Config{Schedules: 2000, Seeds: 20, Duration: 300 * time.Millisecond}
	quick.Core(t, func(e Environment) (archive.Core, error) { return archive.New(e.Options()) })
}

func TestConfigsWithoutWhatTheyNeed(t *testing.T) {
	sound := func(e Environment) (archive.Core, error) { return archive.New(e.Options()) }
	for name, c := range map[string]Config{
		"patience": {Patience: -1}, "seeds": {Seeds: -1}, "schedules": {Schedules: -1}, "duration": {Duration: -1}, "policy": {Policy: archive.Policy{Kind: "linear"}},
	} {
		if err := c.validate(sound); err == nil {
			t.Errorf("%s: %+v is taken", name, c)
		}
	}
	if err := (Config{}).validate(nil); err == nil {
		t.Error("no core is one")
	}
	if err := (Config{}).validate(sound); err != nil {
		t.Error(err)
	}
}
