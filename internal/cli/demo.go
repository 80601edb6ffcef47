package cli

import (
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/plant"
	"github.com/plumb-go/plumb/plant/brakebywire"
)

// demo is a record that is simulated on the spot.
type demo struct {
	set    func() (*dataset.Set, error)
	noise  float64 // standard deviation of the outputs' sensor noise, in their unit
	budget string  // training time when --budget is not given
}

const demoNames = "demo:two-tanks or demo:brake-by-wire"

// demoNamed finds a demo by its full name.
func demoNamed(data string) (demo, bool) {
	switch data {
	case "demo:two-tanks":
		t := plant.NewTwoTanks()
		return demo{t.Set, t.NoiseStd(), tanksBudget}, true
	case "demo:brake-by-wire":
		r := brakebywire.New()
		return demo{r.Set, r.NoiseStd(), brakeBudget}, true
	}
	return demo{}, false
}
