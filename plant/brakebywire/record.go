package brakebywire

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/internal/rng"
)

// Experiments: six as in the paper, 80 s each. Four train, one validates, one tests; the paper cuts one experiment into
// validation and test, we keep them apart so that the test is an experiment of its own, started from rest.
const (
	experiments = 6
	samples     = 8000
	window      = 50 // samples that initialise the state
)

// demoSeed is the seed of the data that Set returns.
const demoSeed = 1

// Multilevel pseudo-random current: levels of equal probability, hold times of equal probability per octave. Short
// holds never let the piston settle, long ones show the rest states that hysteresis leaves; level 0 releases the brake
// until the port opens.
const (
	levels           = 11
	holdMin, holdMax = 0.1, 2.0 // s
)

// Record simulates the six experiments from rest, with signals x (position of the piston, mm), p_mc and p_cal (pressure
// in master cylinder and caliper, bar) and current (A). Noise and inputs of each experiment come from streams of their
// own.
func (r *Rig) Record(seed uint64) (*dataset.Record, error) {
	if !(r.Ts > 0) || r.Substeps < 1 {
		return nil, fmt.Errorf("brakebywire: sampling time %g s in %d substeps; both must be positive", r.Ts, r.Substeps)
	}
	rec := &dataset.Record{
		Name: "brake-by-wire", Ts: r.Ts,
		Signals: []dataset.Signal{
			{Name: "x", Unit: "mm"}, {Name: "p_mc", Unit: "bar"}, {Name: "p_cal", Unit: "bar"}, {Name: "current", Unit: "A"},
		},
	}
	for i := range experiments {
		name := fmt.Sprintf("mprs-%d", i+1)
		current, states := r.experiment(seed, name, samples)
		noise := rng.Stream(seed, "brake-by-wire/noise/"+name)
		data := [][]float64{make([]float64, samples), make([]float64, samples), make([]float64, samples), current}
		for k, s := range states {
			data[0][k], data[1][k], data[2][k] = r.reading(s, noise)
		}
		rec.Experiments = append(rec.Experiments, dataset.Experiment{Name: name, Data: data})
	}
	return rec, nil
}

// experiment returns the current and the states of one experiment.
func (r *Rig) experiment(seed uint64, name string, n int) ([]float64, []State) {
	current := r.excitation(rng.Stream(seed, "brake-by-wire/current/"+name), n)
	return current, r.Simulate(r.Rest(), current)
}

// excitation returns n samples of the multilevel pseudo-random current.
func (r *Rig) excitation(src *rand.Rand, n int) []float64 {
	u := make([]float64, n)
	level, left := 0, 0
	for k := range u {
		if left == 0 {
			next := src.IntN(levels - 1) // any other level
			if k > 0 && next >= level {
				next++
			}
			level = next
			left = max(int(holdMin*math.Pow(holdMax/holdMin, src.Float64())/r.Ts), 1)
		}
		left--
		u[k] = r.CurrentMax * float64(level) / (levels - 1)
	}
	return u
}

// reading is what the sensors tell: position in mm, pressures in bar. Pressure sensors read below zero when noise takes
// them there, as real ones do whose zero is a live voltage.
func (r *Rig) reading(s State, noise *rand.Rand) (x, master, caliper float64) {
	c := &r.Sensors
	counts := func(value, sd, step float64) float64 { return step * math.Round((value+sd*noise.NormFloat64())/step) }
	pm, pc := r.Pressures(s)
	x = counts(s.X, c.PositionNoise, c.PositionStep) * 1e3
	master = counts(pm, c.PressureNoise, c.PressureStep) / bar
	caliper = counts(pc, c.PressureNoise, c.PressureStep) / bar
	return x, master, caliper
}

// NoiseStd is the standard deviation of the pressure readings' noise in bar, that of the converter's steps included: no
// model can simulate a measured pressure with a smaller root mean square error, up to chance.
func (r *Rig) NoiseStd() float64 {
	return math.Hypot(r.Sensors.PressureNoise, r.Sensors.PressureStep/math.Sqrt(12)) / bar
}

// Set is Record with the demo's seed: position in, both pressures out, split by experiment. The first 50 samples of each
// part initialise the state.
func (r *Rig) Set() (*dataset.Set, error) {
	rec, err := r.Record(demoSeed)
	if err != nil {
		return nil, err
	}
	part := func(i int) dataset.Part {
		return dataset.Part{Name: rec.Experiments[i].Name, Experiment: i, To: samples, Window: window}
	}
	s := &dataset.Set{
		Record: rec, Inputs: []int{0}, Outputs: []int{1, 2},
		Train: []dataset.Part{part(0), part(1), part(2), part(3)}, Validation: []dataset.Part{part(4)}, Test: []dataset.Part{part(5)},
	}
	s.Test[0].Name = ""
	s.Notes = []string{fmt.Sprintf("simulated data: the standard deviation of the pressure sensors' noise is %.2g bar, the least error any model can reach", r.NoiseStd())}
	return s, nil
}
