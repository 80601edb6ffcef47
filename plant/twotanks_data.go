package plant

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/internal/rng"
)

// Sizes of the experiments that Record simulates, in samples, and the part of each that initialises the state.
const (
	trainSamples = 2400
	checkSamples = 960
	testSamples  = 1200
	window       = 50
)

// demoSeed is the seed of the data that Set returns.
const demoSeed = 1

// Record simulates three experiments, named train, validation and test, with signals u (pump, V) and y (level of the
// lower tank, V). Each starts at rest at a random input without overflow. The input is a random staircase behind the
// pump's first-order lag plus a random-phase multisine, limited to the pump's range: the staircase brings the tanks
// to rest at many levels and into overflow, the multisine shows their dynamics. Noise and inputs of each experiment
// come from streams of their own.
func (t *TwoTanks) Record(seed uint64) (*dataset.Record, error) {
	if !(t.Ts > 0) || t.Substeps < 1 {
		return nil, fmt.Errorf("plant: sampling time %g s in %d substeps; both must be positive", t.Ts, t.Substeps)
	}
	r := &dataset.Record{
		Name: "two-tanks", Ts: t.Ts,
		Signals: []dataset.Signal{{Name: "u", Unit: "V"}, {Name: "y", Unit: "V"}},
	}
	for _, e := range []struct {
		name    string
		samples int
	}{{"train", trainSamples}, {"validation", checkSamples}, {"test", testSamples}} {
		u, states, err := t.experiment(seed, e.name, e.samples)
		if err != nil {
			return nil, err
		}
		noise := rng.Stream(seed, "two-tanks/noise/"+e.name)
		y := make([]float64, e.samples)
		for k, s := range states {
			y[k] = t.Reading(s.Lower, t.Noise*noise.NormFloat64())
		}
		r.Experiments = append(r.Experiments, dataset.Experiment{Name: e.name, Data: [][]float64{u, y}})
	}
	return r, nil
}

// experiment returns the input and the states of one experiment.
func (t *TwoTanks) experiment(seed uint64, name string, samples int) ([]float64, []State, error) {
	u := t.excitation(rng.Stream(seed, "two-tanks/input/"+name), samples)
	start, err := t.Steady(2 + 1.5*rng.Stream(seed, "two-tanks/start/"+name).Float64())
	if err != nil {
		return nil, nil, fmt.Errorf("plant: start of experiment %s: %w", name, err)
	}
	return u, t.Simulate(start, u), nil
}

// Set is Record with the demo's seed, split by experiment. The first 50 samples of each part initialise the state.
func (t *TwoTanks) Set() (*dataset.Set, error) {
	r, err := t.Record(demoSeed)
	if err != nil {
		return nil, err
	}
	part := func(i int) []dataset.Part {
		return []dataset.Part{{Name: r.Experiments[i].Name, Experiment: i, To: r.Experiments[i].Len(), Window: window}}
	}
	s := &dataset.Set{Record: r, Inputs: []int{0}, Outputs: []int{1}, Train: part(0), Validation: part(1), Test: part(2)}
	s.Test[0].Name = ""
	s.Notes = []string{fmt.Sprintf("simulated data: the standard deviation of the sensor noise is %g V, the least error any model can reach", t.Noise)}
	return s, nil
}

// Excitation. The slowest mode of the tanks has a time constant of about 80 s, so holds of 40 to 320 s show both
// transients and rest; the multisine's band ends at twice the inverse of the fastest mode's time constant (50 s).
const (
	lowLevel, highLevel = 1.2, 6.0 // V, staircase
	holdMin, holdMax    = 40, 320  // s
	lag                 = 6.0      // s, time constant of the pump's motor
	tones               = 24
	bandTop             = 0.0064 // Hz
	ripple              = 0.45   // V, root mean square of the multisine
)

// excitation returns an input of the given number of samples in [PumpMin, PumpMax] V.
func (t *TwoTanks) excitation(r *rand.Rand, samples int) []float64 {
	phase, freq := make([]float64, tones), make([]float64, tones)
	for i := range phase {
		phase[i] = 2 * math.Pi * r.Float64()
		freq[i] = bandTop * (float64(i) + r.Float64()) / tones
	}
	u := make([]float64, samples)
	level, left := 0.0, 0
	var lagged float64
	keep := math.Exp(-t.Ts / lag)
	for k := range u {
		if left == 0 {
			level = lowLevel + (highLevel-lowLevel)*r.Float64()
			left = int((holdMin + (holdMax-holdMin)*r.Float64()) / t.Ts)
			if k == 0 {
				lagged = level
			}
		}
		left--
		lagged = keep*lagged + (1-keep)*level
		v := lagged
		for i, f := range freq {
			v += ripple * math.Sqrt(2.0/tones) * math.Cos(2*math.Pi*f*t.Ts*float64(k)+phase[i])
		}
		u[k] = min(max(v, t.PumpMin), t.PumpMax)
	}
	return u
}
