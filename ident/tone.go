package ident

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/nn/seq"
)

// Counterexample is a pair of responses to one tone inside the declared input range that never meet. Such a pair
// contradicts incremental stability in every metric. It is found by simulation of a fitted model, so it is an
// estimated statement about the plant and an exact one about that model's simulation.
type Counterexample struct {
	Input     string      `json:"input"`
	Offset    float64     `json:"offset"`    // physical units
	Amplitude float64     `json:"amplitude"` // physical units
	Frequency float64     `json:"frequency"` // cycles per sample
	Output    string      `json:"output"`
	Peaks     []float64   `json:"peaks"` // smaller and larger peak deviation from the mean, physical units
	Time      []float64   `json:"time"`  // seconds (or samples), the last periods
	U         []float64   `json:"u"`
	Y         [][]float64 `json:"y"` // two responses over Time
	Model     string      `json:"model"`
	Statement string      `json:"statement"`
}

// Search grid: fractions of the largest amplitude that keeps the tone in the declared range (small first, so that the
// responses shown lie near the data), frequencies, starts, and
// steps. A pair counts when after settle steps the two outputs differ by apart standard deviations of the output and
// the difference has not fallen by more than fade over confirm further steps.
var amplitudes = []float64{0.15, 0.25, 0.35, 0.5, 0.75, 1}

const (
	toneCount  = 28
	toneModes  = 3 // slowest-decaying oscillatory modes searched around
	startCount = 16
	settle     = 1500
	confirm    = 10000
	apart      = 0.1
	reach      = 1.75 // times the measured output range
	fade       = 0.05
)

// counterexample searches the responses of one model to tones on each input.
func counterexample(m *deploy.Model, mt *material, set signalNames, states []seq.Mat, r *rand.Rand) *Counterexample {
	for input := range m.UMid {
		for _, fraction := range amplitudes {
			base := mt.plant.rest
			room := 1 - math.Abs(base[input])
			if room < 0.2 {
				base, room = make([]float64, len(base)), 1
			}
			t := tone{m: m, input: input, base: base, amplitude: fraction * room, freqs: frequencies(mt.plant), low: mt.low, high: mt.high}
			if a, b, f, ok := t.pair(states, r); ok {
				return t.describe(a, b, f, set)
			}
		}
	}
	return nil
}

// frequencies in radians per sample: within 30 % of each oscillatory mode, else spread over the band in which a
// sampled system can answer.
func frequencies(p plant) []float64 {
	var out []float64
	seen := map[int]bool{}
	for _, mode := range p.modes {
		th, r := math.Abs(cmplx.Phase(mode)), cmplx.Abs(mode)
		if th < 0.02 || th > 2.6 || r < 0.8 || seen[int(th*20)] || len(seen) == toneModes {
			continue
		}
		seen[int(th*20)] = true
		for i := range toneCount {
			out = append(out, th*(0.75+0.6*float64(i)/(toneCount-1)))
		}
	}
	if len(out) == 0 {
		for i := range toneCount {
			out = append(out, 0.01*math.Pow(200, float64(i)/(toneCount-1)))
		}
	}
	return out
}

type tone struct {
	m         *deploy.Model
	input     int
	base      []float64 // scaled
	amplitude float64   // scaled
	freqs     []float64
	low, high []float64 // measured output range, scaled
}

// input over the given steps and lanes, the phase starting at step from.
func (t *tone) signal(from, steps, lanes int, freq func(lane int) float64) seq.Mat {
	u := seq.NewMat(len(t.base), steps*lanes)
	for i, b := range t.base {
		row := u.Row(i)
		for k := range steps {
			for l := range lanes {
				row[k*lanes+l] = b
				if i == t.input {
					row[k*lanes+l] += t.amplitude * math.Sin(freq(l)*float64(from+k))
				}
			}
		}
	}
	return u
}

// run simulates the only member and returns outputs and final states.
func (t *tone) run(x, u seq.Mat) (y, end seq.Mat) { return t.m.Members[0].Run(x, u) }

// pair looks for two starts whose responses to one tone stay apart, first from scattered initial states at each
// frequency, then along slow sweeps up and down, which follow each branch as far as it exists.
func (t *tone) pair(states []seq.Mat, r *rand.Rand) (a, b []float64, freq float64, ok bool) {
	lanes := len(t.freqs) * startCount
	x := seq.NewMat(states[0].Rows, lanes)
	for l := range lanes {
		s := states[r.IntN(len(states))]
		c := r.IntN(s.Cols)
		size := []float64{0, 1, 1, 2}[l%4]
		for i := range x.Rows {
			x.Row(i)[l] = size * s.Row(i)[c]
		}
	}
	of := func(l int) float64 { return t.freqs[l/startCount] }
	_, end := t.run(x, t.signal(0, settle, lanes, of))
	tail, _ := t.run(end, t.signal(settle, 200, lanes, of))
	for f := range t.freqs {
		lo, hi, gap := extremes(tail, lanes, f*startCount, startCount)
		if gap < apart {
			continue
		}
		if t.confirmed(column(end, lo), column(end, hi), t.freqs[f], settle) {
			return column(end, lo), column(end, hi), t.freqs[f], true
		}
	}
	up, down := t.sweep(false), t.sweep(true)
	for f := range t.freqs {
		if t.confirmed(up[f], down[f], t.freqs[f], 0) {
			return up[f], down[f], t.freqs[f], true
		}
	}
	return nil, nil, 0, false
}

// sweep returns the state after a slow passage at each frequency, phase zero.
func (t *tone) sweep(down bool) [][]float64 {
	n := t.m.Members[0].Cell.States()
	x := seq.NewMat(n, 1)
	out := make([][]float64, len(t.freqs))
	for i := range t.freqs {
		f := i
		if down {
			f = len(t.freqs) - 1 - i
		}
		period := 2 * math.Pi / t.freqs[f]
		steps := int(math.Round(math.Ceil(500/period) * period)) // about whole periods
		_, x = t.run(x, t.signal(0, steps, 1, func(int) float64 { return t.freqs[f] }))
		out[f] = column(x, 0)
	}
	return out
}

// extremes returns the lanes with the smallest and largest root mean square of output 0 among count lanes from first,
// and the difference of the two in scaled units.
func extremes(y seq.Mat, lanes, first, count int) (lo, hi int, gap float64) {
	least, most := math.Inf(1), 0.0
	for l := first; l < first+count; l++ {
		var s float64
		n := 0
		for i := range y.Rows {
			row := y.Row(i)
			for j := l; j < len(row); j += lanes {
				s += row[j] * row[j]
				n++
			}
		}
		s = math.Sqrt(s / float64(n))
		if math.IsNaN(s) || s > 100 {
			continue
		}
		if s < least {
			least, lo = s, l
		}
		if s > most {
			most, hi = s, l
		}
	}
	return lo, hi, most - least
}

// confirmed runs the pair on under the same tone and asks that the difference persists.
func (t *tone) confirmed(a, b []float64, freq float64, from int) bool {
	x := seq.NewMat(len(a), 2)
	for i := range a {
		x.Row(i)[0], x.Row(i)[1] = a[i], b[i]
	}
	of := func(int) float64 { return freq }
	y, end := t.run(x, t.signal(from, 1000, 2, of))
	early := gapOf(y, 500)
	if !(early > apart) {
		return false
	}
	for done := 1000; done < confirm; done += 1000 {
		y, end = t.run(end, t.signal(from+done, 1000, 2, of))
	}
	late := gapOf(y, 500)
	return late > (1-fade)*early && t.plausible(y)
}

// plausible asks that both responses stay within reach times the outputs' measured range about its middle: beyond, the
// model extrapolates and says nothing about the plant.
func (t *tone) plausible(y seq.Mat) bool {
	for i := range y.Rows {
		mid, half := (t.low[i]+t.high[i])/2, (t.high[i]-t.low[i])/2
		for _, v := range y.Row(i) {
			if !(math.Abs(v-mid) <= reach*half) {
				return false
			}
		}
	}
	return true
}

// gapOf is the largest difference of the two lanes over the last steps.
func gapOf(y seq.Mat, last int) float64 {
	var g float64
	for i := range y.Rows {
		row := y.Row(i)
		for j := max(len(row)-2*last, 0); j < len(row); j += 2 {
			g = max(g, math.Abs(row[j]-row[j+1]))
		}
	}
	return g
}

func column(m seq.Mat, l int) []float64 {
	out := make([]float64, m.Rows)
	for i := range out {
		out[i] = m.Row(i)[l]
	}
	return out
}

// signalNames is what the description of a counterexample needs of the data set.
type signalNames struct {
	inputs, outputs []dataset.Signal
	ts              float64
}

// describe simulates the pair over a few last periods in physical units.
func (t *tone) describe(a, b []float64, freq float64, names signalNames) *Counterexample {
	x := seq.NewMat(len(a), 2)
	for i := range a {
		x.Row(i)[0], x.Row(i)[1] = a[i], b[i]
	}
	of := func(int) float64 { return freq }
	_, end := t.run(x, t.signal(0, confirm, 2, of))
	steps := int(math.Ceil(4 * 2 * math.Pi / freq))
	u := t.signal(confirm, steps, 2, of)
	y, _ := t.run(end, u)
	c := &Counterexample{Input: names.inputs[t.input].Name, Frequency: freq / (2 * math.Pi), Model: t.m.Members[0].Kind}
	s := t.m.Scaling
	c.Offset = s.UMid[t.input] + s.UHalf[t.input]*t.base[t.input]
	c.Amplitude = s.UHalf[t.input] * t.amplitude
	out, most := 0, 0.0
	for i := range y.Rows {
		for j := 0; j < y.Cols; j += 2 {
			if d := math.Abs(y.Row(i)[j] - y.Row(i)[j+1]); d > most {
				out, most = i, d
			}
		}
	}
	c.Output = names.outputs[out].Name
	c.Y = make([][]float64, 2)
	ts := names.ts
	if ts == 0 {
		ts = 1
	}
	for k := range steps {
		c.Time = append(c.Time, float64(k)*ts)
		c.U = append(c.U, s.UMid[t.input]+s.UHalf[t.input]*u.Row(t.input)[2*k])
		for l := range 2 {
			c.Y[l] = append(c.Y[l], s.YMean[out]+s.YStd[out]*y.Row(out)[2*k+l])
		}
	}
	for l := range 2 {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, v := range c.Y[l] {
			lo, hi = min(lo, v), max(hi, v)
		}
		c.Peaks = append(c.Peaks, (hi-lo)/2)
	}
	if c.Peaks[0] > c.Peaks[1] {
		c.Peaks[0], c.Peaks[1] = c.Peaks[1], c.Peaks[0]
		c.Y[0], c.Y[1] = c.Y[1], c.Y[0]
	}
	frequency := fmt.Sprintf("%.4g cycles per sample", c.Frequency)
	if names.ts > 0 {
		frequency = fmt.Sprintf("%.4g Hz", c.Frequency/names.ts)
	}
	in, o := names.inputs[t.input], names.outputs[out]
	c.Statement = fmt.Sprintf("a tone of %.4g %s at %s on %s around %.4g %s has two coexisting responses in %s with amplitudes %.4g and %.4g %s (estimated, by simulation of a fitted model)",
		c.Amplitude, in.Unit, frequency, in.Name, c.Offset, in.Unit, o.Name, c.Peaks[0], c.Peaks[1], o.Unit)
	return c
}
