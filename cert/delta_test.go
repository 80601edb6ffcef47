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

// BenchmarkDeltaISS times the check of two layers: goals are 20 ms for 10 units each and 300 ms for 40.
func BenchmarkDeltaISS(b *testing.B) {
	for _, c := range []struct {
		name, kind string
		n, filter  int
		norm       float64
	}{
		{"lstm 2x10", "lstm", 10, 0, 0}, {"lstm 2x40", "lstm", 40, 0, 0}, {"lstm 2x10 norm", "lstm", 10, 0, 1}, {"lstm 2x40 norm", "lstm", 40, 0, 1},
		{"gru 2x10", "gru", 10, 0, 0}, {"gru 2x40", "gru", 40, 0, 0}, {"lstm 2x10 filter 4", "lstm", 10, 4, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := rand.New(rand.NewPCG(mutationSeed, 4000))
			d := draw{n: c.n, m: 1, p: 2, window: 1, units: c.n}
			s := &spec{claim: "delta-iss", m: 1, p: 2, window: 1, parts: []*part{d.recurrent(g, c.kind, 2, c.filter, c.norm)},
				scale: map[string][]float64{"u_mid": {0}, "u_half": {1}, "y_mean": {0, 0}, "y_std": {1, 1}}}
			file := s.render().pack()
			for b.Loop() {
				if v, why := ask(file); v != proved {
					b.Fatal(why)
				}
			}
		})
	}
}
