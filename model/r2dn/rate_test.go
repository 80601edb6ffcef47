package r2dn

import (
	"math/rand/v2"
	"testing"
)

// TestAnyRateStarts: a prescribed rate far below the plant's own modes is no reason not to start.
func TestAnyRateStarts(t *testing.T) {
	for _, rate := range []float64{0.1, 0.5, 0.75, 0.9, 0.97, 0.9999} {
		for seed := range uint64(20) {
			m, err := New(1, 1, 1+int(seed%6), 4+int(seed), 0, rate)
			if err != nil {
				t.Fatal(err)
			}
			theta := make([]float64, m.Dim())
			m.Init(rand.New(rand.NewPCG(seed, 1)), []complex128{0.99, 0.7 + 0.3i, 0.7 - 0.3i}, theta)
		}
	}
}
