package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/model/lstm"
)

// certify proves the network of the file, or one near it; the bundle is nil when there is none.
func (n *imported) certify(ctx context.Context, f *certifyFlags, stderr io.Writer) (*certified, *bundle.Model, error) {
	r := &certified{Units: n.cell.Units, Inputs: signalNames(n.inputs), Outputs: signalNames(n.outputs), Weights: n.count(),
		Rounding: ident.Figure(n.rounding), writtenFile: nothingWritten(0), Original: verdictProved, inputUnits: n.inputs}
	for i := range n.mid {
		r.InputRange = append(r.InputRange, [2]float64{n.mid[i] - n.half[i], n.mid[i] + n.half[i]})
	}
	if err := n.compare(r, "network of the file", n.file); err != nil {
		return nil, nil, err
	}
	steps, seconds, err := f.tuning()
	if err != nil {
		return nil, nil, err
	}
	m, err := n.prove(n.file, "It starts from zero states.")
	if err == nil {
		if steps > 0 || seconds > 0 {
			r.Notes = append(r.Notes, "the network is proved as it is; nothing was trained")
		}
		return r, m, nil
	}
	r.Original, r.Why = notProvable, reason(err)
	if f.noRepair {
		return r, nil, nil
	}
	var rate float64
	var v variant
	if m, v, r.Repair, rate, err = n.repair(f.rate); err != nil {
		return nil, nil, err
	}
	if err := n.compare(r, "nearby network", v); err != nil {
		return nil, nil, err
	}
	if steps == 0 && seconds == 0 {
		return r, m, nil
	}
	if !f.asJSON && seconds > 0 {
		fmt.Fprintf(stderr, "training the nearby network for %g s\n", seconds)
	}
	tuned, t, err := n.tune(ctx, v, rate, steps, seconds)
	if err != nil {
		return nil, nil, err
	}
	better, err := n.prove(tuned, fmt.Sprintf("It was scaled to a nearby network that can be proved and trained further %s.", t.Towards))
	if err != nil { // the last word is the checker's; the untrained one stands
		t.Failed = reason(err)
		r.Tuned = t
		return r, m, nil
	}
	r.Tuned = t
	return r, better, n.compare(r, "nearby network, trained further", tuned)
}

// reason is an error without the name of the package it came from.
func reason(err error) string {
	if errors.Is(err, lstm.ErrBox) {
		return "a forget gate can come so near to 1 that its cell has no useful bound"
	}
	if e, ok := errors.AsType[*lstm.NotProvableError](err); ok {
		s := ""
		for l, x := range e.Radii {
			s += fmt.Sprintf("layer %d: %.4g by components, %.4g in norms; ", l, x[0], x[1])
		}
		return s + "below 1 in one of the two proves a layer"
	}
	return err.Error()
}

// repair looks for a nearby network and returns the rate that it decays with. The first rate almost always does; the
// others leave the exact checker more room.
func (n *imported) repair(rate float64) (*bundle.Model, variant, *repaired, float64, error) {
	if rate == 0 {
		rate = 0.999
	}
	var err error
	for _, step := range []float64{0, 0.001, 0.01, 0.1} {
		goal := max(rate-step, 0.5)
		var rep *lstm.Repaired
		rep, err = lstm.Repair(n.cell, n.file.w, lstm.RepairOptions{Rate: goal, Measure: func(w []float64) float64 {
			_, all := n.change(n.fromRest(w))
			return all
		}})
		if err != nil {
			return nil, variant{}, nil, 0, err
		}
		v := n.fromRest(rep.W)
		change, err2 := n.distance(rep.W)
		if err2 != nil {
			return nil, variant{}, nil, 0, err2
		}
		out := &repaired{Method: rep.Method, Weights: ident.Figure(change)}
		for _, l := range rep.Layers {
			out.Layers = append(out.Layers, repairedLayer{l.Low, l.High, l.Forget})
		}
		out.Outputs, _ = n.change(v)
		var m *bundle.Model
		if m, err = n.prove(v, fmt.Sprintf("Its recurrent weights were made smaller so that it can be proved: the weights changed by %.3g, relative. It starts from zero states.", change)); err == nil {
			return m, v, out, goal, nil
		}
	}
	return nil, variant{}, nil, 0, fmt.Errorf("no nearby network was proved: %w", err)
}
