package reports

import (
	"cmp"
	"fmt"

	"holdfast/scenarios/units"
)

// IntentSchema names the document of what a run on a real store is about to do.
const IntentSchema = "simulate.intent/v1"

// Intended is what a run is about to do to a real store, and on whose behalf.
type Intended struct {
	Schema   string `json:"schema"`
	Store    Chosen `json:"store"`
	Below    string `json:"below"` // where all is that is written
	Endpoint Chosen `json:"endpoint"`
	Region   Chosen `json:"region"`
	// Key is how the id of the access key ends; empty if it is too short to tell that.
	Key     Chosen `json:"key"`
	Profile string `json:"profile,omitempty"`
	Role    string `json:"role,omitempty"`
	// NoCredentials is why there are none.
	NoCredentials string `json:"no_credentials,omitempty"`

	Runs int `json:"runs"` // scenarios
	// What will be sent, at most, about. Lists are with the PUTs, HEADs with the GETs.
	Puts    int `json:"puts"`
	Gets    int `json:"gets"`
	Deletes int `json:"deletes"`
	// MaxRequests bounds all but the deletions; 0: nothing does.
	MaxRequests int     `json:"max_requests"`
	Cost        float64 `json:"cost_usd"`
	Prices      string  `json:"prices"` // whose
	// PricesKnown: they are those of the endpoint.
	PricesKnown bool `json:"prices_known"`
}

// Chosen is a setting and where it comes from: a flag, a variable, a file.
type Chosen struct {
	Value string `json:"value"`
	From  string `json:"from,omitempty"`
}

// String is the value, and where it comes from.
func (c Chosen) String() string {
	if c.From == "" {
		return c.Value
	}
	return fmt.Sprintf("%s (%s)", c.Value, c.From)
}

// Class implements [Document].
func (i Intended) Class() Class { return Passed }

// Brief implements [Document].
func (i Intended) Brief(t Text) { i.Text(t) }

// Text implements [Document].
func (i Intended) Text(t Text) {
	t.row("store", i.Store.String())
	t.row("below", i.Below)
	if i.Endpoint.Value != "" {
		t.row("endpoint", i.Endpoint.String())
	}
	if i.Region.Value != "" {
		t.row("region", i.Region.String())
	}
	if who := i.identity(); who != "" {
		t.wrapped("identity", who)
	}
	t.wrapped("requests", i.requests())
	t.wrapped("cost", i.cost())
}

func (i Intended) identity() string {
	if i.NoCredentials != "" {
		return "none: " + i.NoCredentials
	}
	who := ""
	if i.Key.From != "" {
		key := i.Key
		key.Value = "access key " + cmp.Or(key.Value, "whose id is short")
		if i.Key.Value != "" {
			key.Value = "access key …" + i.Key.Value
		}
		who = key.String()
	}
	if i.Profile != "" {
		who += ", profile " + i.Profile
	}
	if i.Role != "" {
		who += ", role " + i.Role
	}
	return who
}

func (i Intended) requests() string {
	text := fmt.Sprintf("about %s at most (%s PUT, %s GET)", units.Thousands(i.Puts+i.Gets), units.Thousands(i.Puts), units.Thousands(i.Gets))
	if i.MaxRequests > 0 {
		text += fmt.Sprintf(", never more than %s (--max-requests)", units.Thousands(i.MaxRequests))
	}
	return text + fmt.Sprintf(", and %s to clean up, or as many as there were PUTs if the bucket keeps versions", units.Thousands(i.Deletes))
}

func (i Intended) cost() string {
	text := fmt.Sprintf("about $%.2f at most, by the prices of %s", i.Cost, i.Prices)
	if i.Cost < 0.01 {
		text = fmt.Sprintf("less than $0.01, by the prices of %s", i.Prices)
	}
	if !i.PricesKnown {
		text += ", as this endpoint's are not known"
	}
	return text
}
