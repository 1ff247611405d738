package reports

import (
	"strings"
	"testing"
	"time"

	memory "holdfast/archive/storetest/broken"
	"holdfast/scenarios/campaign"
)

// surveyed is a campaign of ten shards with ten units each, of which so many are published.
func surveyed(published ...int) *campaign.Status {
	s := &campaign.Status{Units: 10 * len(published), Survey: campaign.Survey{Clock: true}}
	for i, n := range published {
		one := campaign.ShardState{Shard: i, State: campaign.Missing, Published: n, Units: 10}
		if n == 10 {
			one.State = campaign.Done
			s.Done++
		}
		s.Published += n
		s.Shards = append(s.Shards, one)
	}
	s.Complete, s.Missing = s.Published, len(published)-s.Done
	return s
}

func allCampaigned() map[string]Campaigned {
	c := &campaign.Campaign{Prefix: campaign.In(memory.NewMemory(), "s3://bucket/c2"), Plan: campaign.Plan{
		Program: "0123456789ab", Kind: "sweep", Command: []string{"sweep", "burst", "--vary", "policy=none(retries=9),default"}, Shards: 5, Units: 50,
	}}
	all := map[string]Campaigned{}
	complete := NewCampaigned(c, surveyed(10, 10, 10))
	complete.Next = "simulate campaign merge s3://bucket/c2"
	all["complete"] = complete
	running := surveyed(10, 3, 0, 4, 10, 0)
	running.Shards[1].State, running.Shards[2].State, running.Shards[3].State = campaign.Running, campaign.Running, campaign.Silent
	running.PerSecond, running.Left, running.Complete = 2.5, 90*time.Second, 30
	running.Workers = []campaign.Beat{{Shard: 1, Attempt: 2, Host: "node-3\x1b[2J", PID: 17, Complete: 5, Units: 10}}
	all["running"] = NewCampaigned(c, running)
	stopped := surveyed(10, 0)
	stopped.Stopped = true
	all["stopped"] = NewCampaigned(c, stopped)
	disputed := surveyed(10, 10)
	disputed.Disputed = &campaign.DeterminismError{Where: "s3://bucket/c2/shards/00001/0000000", Shard: 1, Unit: 17, There: "0123456789ab", Here: "ba9876543210", Kept: "s3://bucket/c2/disputes/00001"}
	all["disputed"] = NewCampaigned(c, disputed)
	many := make([]int, 100)
	for i := range many {
		many[i] = 10 * (i % 2)
	}
	all["missing"] = NewCampaigned(c, surveyed(many...))
	lost := surveyed(10, 0, 0)
	lost.Shards[1].State = campaign.Silent
	begun := NewCampaigned(c, lost)
	begun.Begun = true
	all["begun"] = begun
	return all
}

// TestHowFarACampaignIs fits the width, names what is missing shortly, and lets nobody's host name
// reach the terminal as it is.
func TestHowFarACampaignIs(t *testing.T) {
	all := allCampaigned()
	for name, wants := range map[string][]string{
		"complete": {"COMPLETE  s3://bucket/c2: 30 of 30 units published (100 %)", "shards      3: 3 done\n"},
		"running":  {"RUNNING  s3://bucket/c2: 27 of 60 units published (45 %), 3 more played", "6: 2 done, 2 running, 1 silent, 1 missing", "running     1-2\n", "silent      3: no", "missing     5: ", "about 1m30s, "},
		"disputed": {"DISPUTED  s3://bucket/c2: 20 of 20 units published", "disputed    determinism is lost: unit 17 (shard 1) has shown 0123456789ab in"},
		"stopped":  {"STOPPED  ", "end at"},
		"begun":    {"silent      1: no heartbeat for a minute, so they are lost; a load is", "missing     2: their workers have ended; a load is"},
		"missing":  {"INCOMPLETE  ", "missing     0, 2, 4, 6, 8, 10, 12, 14 and more, 50 in all"},
	} {
		text := formatted(t, "text", all[name])
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q:\n%s", name, want, text)
			}
		}
		for line := range strings.Lines(text) {
			if len([]rune(line)) > Width+1 && !strings.HasPrefix(line, "go on") {
				t.Errorf("%s: %q is too long", name, line)
			}
		}
		if strings.Contains(formatted(t, "json", all[name])+text, "\x1b") {
			t.Errorf("%s: a host's name reaches the terminal", name)
		}
	}
	if c := all["running"]; c.Command != "simulate sweep burst --vary 'policy=none(retries=9),default'" {
		t.Error(c.Command)
	}
}
