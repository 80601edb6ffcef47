package cert_test

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestDeltaISSIsProved draws true certificates of every family.
func TestDeltaISSIsProved(t *testing.T) {
	for i, family := range deepFamilies {
		g := rand.New(rand.NewPCG(mutationSeed, uint64(3000+i)))
		for range 10 {
			s := newSpec(g, family, newDraw(g, false))
			start := time.Now()
			v, why := ask(s.render().pack())
			if v != proved {
				t.Errorf("%s: %s %s", family, v, why)
			}
			_ = start
		}
		s := newSpec(g, family, newDraw(g, false))
		t.Log(family, figuresOf(t, s).Statement)
	}
}
