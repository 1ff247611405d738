package explore

import (
	"testing"

	"holdfast/scenarios/stores"
)

// TestPlantedStores: each comes to light as what it is, and the core is not accused.
func TestPlantedStores(t *testing.T) {
	self := SelfTest{Seeds: 5000}
	for _, p := range stores.All() {
		t.Run(p.Name, func(t *testing.T) {
			d, err := self.doubt(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if d.Found == 0 || d.Blamed != "" || d.Played != 50 {
				t.Errorf("%+v", d)
			}
		})
	}
}
