package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
)

// Sum is the SHA-256 of the set's canonical content: sampling time, names and units of inputs and outputs, their
// samples in all experiments bit for bit (every NaN alike), and the parts with their windows. File names, names of
// experiments and parts, notes and other signals of the record do not enter, so equal data read from different formats
// have equal sums.
func (s *Set) Sum() [32]byte {
	h := sha256.New()
	var b []byte
	number := func(v uint64) { b = binary.LittleEndian.AppendUint64(b, v) }
	text := func(t string) {
		number(uint64(len(t)))
		b = append(b, t...)
	}
	text("plumb dataset 1")
	number(math.Float64bits(s.Record.Ts))
	for _, cols := range [][]int{s.Inputs, s.Outputs} {
		number(uint64(len(cols)))
		for _, c := range cols {
			text(s.Record.Signals[c].Name)
			text(s.Record.Signals[c].Unit)
		}
	}
	number(uint64(len(s.Record.Experiments)))
	for _, e := range s.Record.Experiments {
		number(uint64(e.Len()))
		for _, c := range slices.Concat(s.Inputs, s.Outputs) {
			for _, v := range e.Data[c] {
				if math.IsNaN(v) {
					v = math.NaN()
				}
				number(math.Float64bits(v))
				if len(b) >= 1<<16 {
					h.Write(b)
					b = b[:0]
				}
			}
		}
	}
	for _, g := range s.roles() {
		number(uint64(len(g.parts)))
		for _, p := range g.parts {
			for _, v := range []int{p.Experiment, p.From, p.To, p.Window} {
				number(uint64(v))
			}
		}
	}
	h.Write(b)
	return [32]byte(h.Sum(nil))
}

// Blind is a deep copy in which every measured output that must not be read is NaN: the scored outputs of the test
// parts, except where such a sample also lies in a training or validation part or in a window. A model that gives the
// same predictions on both has not looked.
func (s *Set) Blind() *Set {
	out := *s
	r := *s.Record
	out.Record = &r
	out.Inputs, out.Outputs = slices.Clone(s.Inputs), slices.Clone(s.Outputs)
	out.Train, out.Validation, out.Test = slices.Clone(s.Train), slices.Clone(s.Validation), slices.Clone(s.Test)
	out.Notes = slices.Clone(s.Notes)
	r.Signals = slices.Clone(s.Record.Signals)
	r.Experiments = slices.Clone(s.Record.Experiments)
	for i, e := range r.Experiments {
		r.Experiments[i].Data = make([][]float64, len(e.Data))
		for c, col := range e.Data {
			r.Experiments[i].Data[c] = slices.Clone(col)
		}
	}
	for _, p := range s.Test {
		for k := p.From + p.Window; k < p.To; k++ {
			if s.readable(p.Experiment, k) {
				continue
			}
			for _, c := range s.Outputs {
				r.Experiments[p.Experiment].Data[c][k] = math.NaN()
			}
		}
	}
	return &out
}

// readable reports whether an identified model may have read the outputs of sample k of an experiment.
func (s *Set) readable(experiment, k int) bool {
	for i, g := range s.roles() {
		for _, p := range g.parts {
			end := p.To
			if i == 2 { // of a test part only the window
				end = p.From + p.Window
			}
			if p.Experiment == experiment && k >= p.From && k < end {
				return true
			}
		}
	}
	return false
}
