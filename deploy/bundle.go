package deploy

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/nn/seq"
)

// FromBundle makes a runnable model of a well-formed bundle.
func FromBundle(b *cert.Bundle) (*Model, error) {
	f := b.Manifest()
	by := map[string]cert.Tensor{}
	for _, t := range b.Tensors() {
		by[t.Name] = t
	}
	m := &Model{Scaling: Scaling{
		UMid: by["scale.u_mid"].Data, UHalf: by["scale.u_half"].Data, YMean: by["scale.y_mean"].Data, YStd: by["scale.y_std"].Data,
		Delay: f.InputDelay, Integrate: f.Integrate,
	}}
	for _, l := range f.Saturation {
		m.Low = append(m.Low, orInf(l.Low, -1))
		m.High = append(m.High, orInf(l.High, 1))
	}
	in, out := len(f.Inputs), len(f.Outputs)
	for j, k := range f.Members {
		prefix := fmt.Sprintf("m%d.", j)
		var cell seq.Cell
		switch k.Kind {
		case "lure":
			c := seq.Lure{In: in, Out: out, N: k.States, Q: k.Hidden, Layers: k.Layers}
			if k.Layers > 0 {
				c.Width = by[prefix+"g0.Win"].Shape[0]
			}
			cell = c
		case "gated":
			cell = seq.Gated{In: in, Out: out, N: k.States, Q: k.Hidden, Gate: k.Gate}
		case "ssm":
			c := seq.Diagonal{In: in, Out: out, Width: k.Width}
			for _, s := range k.Blocks {
				c.Blocks = append(c.Blocks, seq.DiagonalBlock{States: s.States, Hidden: s.Hidden})
			}
			cell = c
		case "lstm", "gru":
			d := seq.Deep{In: in, Out: out, Units: k.Units, Filter: seq.FilterSize{States: k.Filter.States, Width: k.Filter.Width}}
			cell = seq.LSTM{Deep: d}
			if k.Kind == "gru" {
				cell = seq.GRU{Deep: d}
			}
		case "linear":
			cell = seq.Linear{In: in, Out: out, N: k.States}
		default:
			return nil, fmt.Errorf("deploy: unknown member kind %q", k.Kind)
		}
		b := Member{Cell: cell, Kind: k.Kind, W: make([]float64, cell.Layout().Len()), EncW: by[prefix+"enc_W"].Data, EncB: by[prefix+"enc_b"].Data}
		for _, t := range cell.Layout() {
			copy(t.Of(b.W), by[prefix+t.Name].Data)
		}
		m.Members = append(m.Members, b)
		m.Lags = by[prefix+"enc_W"].Shape[1] / (in + out)
	}
	return m, nil
}

func orInf(x *float64, sign int) float64 {
	if x == nil {
		return math.Inf(sign)
	}
	return *x
}

// Tensors lists the model's numbers as a bundle stores them.
func (m *Model) Tensors() []cert.Tensor {
	in, out := len(m.UMid), len(m.YMean)
	ts := []cert.Tensor{
		{Name: "scale.u_mid", Shape: []int{in}, Data: m.UMid}, {Name: "scale.u_half", Shape: []int{in}, Data: m.UHalf},
		{Name: "scale.y_mean", Shape: []int{out}, Data: m.YMean}, {Name: "scale.y_std", Shape: []int{out}, Data: m.YStd},
	}
	for j := range m.Members {
		b := &m.Members[j]
		prefix := fmt.Sprintf("m%d.", j)
		for _, t := range b.Cell.Layout() {
			shape := []int{t.Rows, t.Cols}
			if t.Cols == 0 {
				shape = shape[:1]
			}
			ts = append(ts, cert.Tensor{Name: prefix + t.Name, Shape: shape, Data: t.Of(b.W)})
		}
		n := b.Cell.States()
		ts = append(ts,
			cert.Tensor{Name: prefix + "enc_W", Shape: []int{n, m.Lags * (in + out)}, Data: b.EncW},
			cert.Tensor{Name: prefix + "enc_b", Shape: []int{n}, Data: b.EncB})
	}
	return ts
}

// Manifest fills the parts of a manifest that follow from the model: members, delays, integrators, limits, range.
func (m *Model) Manifest() cert.Manifest {
	f := cert.Manifest{InputDelay: m.Delay, Integrate: m.Integrate}
	for i := range m.YMean {
		var l cert.Limits
		if !math.IsInf(m.Low[i], -1) {
			l.Low = &m.Low[i]
		}
		if !math.IsInf(m.High[i], 1) {
			l.High = &m.High[i]
		}
		f.Saturation = append(f.Saturation, l)
	}
	for i := range m.UMid {
		f.InputRange = append(f.InputRange, cert.Range{Low: m.UMid[i] - m.UHalf[i], High: m.UMid[i] + m.UHalf[i]})
	}
	for _, b := range m.Members {
		f.Members = append(f.Members, sizes(b.Cell))
	}
	return f
}

// Sized is a cell that wraps a deployed one, as parametrised classes do.
type Sized interface{ Deployed() seq.Cell }

func sizes(c seq.Cell) cert.Member {
	if s, ok := c.(Sized); ok {
		c = s.Deployed()
	}
	switch c := c.(type) {
	case seq.Lure:
		return cert.Member{Kind: "lure", States: c.N, Hidden: c.Q, Layers: c.Layers}
	case seq.Gated:
		return cert.Member{Kind: "gated", States: c.N, Hidden: c.Q, Gate: c.Gate}
	case seq.Linear:
		return cert.Member{Kind: "linear", States: c.N}
	case seq.LSTM:
		return cert.Member{Kind: "lstm", Units: c.Units, Filter: cert.Filter{States: c.Filter.States, Width: c.Filter.Width}}
	case seq.GRU:
		return cert.Member{Kind: "gru", Units: c.Units, Filter: cert.Filter{States: c.Filter.States, Width: c.Filter.Width}}
	case seq.Diagonal:
		k := cert.Member{Kind: "ssm", Width: c.Width}
		for _, b := range c.Blocks {
			k.Blocks = append(k.Blocks, cert.Block{States: b.States, Hidden: b.Hidden})
		}
		return k
	}
	panic("deploy: cell of unknown kind")
}
