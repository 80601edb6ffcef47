package lstm

import (
	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/seq"
)

// freeLSTM is a layer whose gates are parameters themselves, with an invariant box.
type freeLSTM struct {
	rest  model.Verbatim
	box   *lstmBox
	one   []float64
	rate  float64
	paper bool
}

// freeGRU is freeLSTM for a GRU layer.
type freeGRU struct {
	rest model.Verbatim
	box  *gruBox
	one  []float64
	rate float64
}

// loose is a layer whose gates are parameters and whose box is fixed: nothing is claimed of it.
type loose struct {
	rest       model.Verbatim
	cbox, hbox seq.Tensor // cbox empty for a GRU
}

// Half-widths of the box of initial states of a layer without a claim; cells rarely hold more.
const (
	looseC = 4
	looseH = 1
)

func verbatim(gates ...seq.GateTensors) (v model.Verbatim) {
	for _, g := range gates {
		v = append(v, g.W, g.U, g.B)
	}
	return v
}

func units(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = unit
	}
	return x
}

func newLSTMLayer(t seq.LSTMLayer, o Options) layer {
	v := verbatim(t.I, t.F, t.G, t.O)
	switch o.Guarantee {
	case Construct:
		return newConstructLSTM(t, o.Rate)
	case None:
		return &loose{v, t.CBox, t.HBox}
	}
	return &freeLSTM{v, newLSTMBox(t), units(t.HBox.Rows), o.Rate, o.Guarantee == Penalty}
}

func newGRULayer(t seq.GRULayer, o Options) layer {
	v := verbatim(t.Z, t.R, t.N)
	switch o.Guarantee {
	case Construct:
		return newConstructGRU(t, o.Rate)
	case None:
		return &loose{v, seq.Tensor{}, t.HBox}
	}
	return &freeGRU{v, newGRUBox(t), units(t.HBox.Rows), o.Rate}
}

func (l *freeLSTM) dim() int { return l.rest.Len() }

func (l *freeLSTM) deploy(theta, w, vbar []float64) {
	l.rest.Deploy(theta, w)
	l.box.run(w, vbar, l.one)
}

func (l *freeLSTM) pullback(_, w, dw, dtheta, dvbar []float64) {
	l.box.pull(w, l.box.t.CBox.Of(dw), l.box.t.HBox.Of(dw), dw, dvbar, nil)
	l.rest.Pullback(dw, dtheta)
}

func (l *freeGRU) dim() int { return l.rest.Len() }

func (l *freeGRU) deploy(theta, w, vbar []float64) {
	l.rest.Deploy(theta, w)
	l.box.run(w, vbar, l.one)
}

func (l *freeGRU) pullback(_, w, dw, dtheta, dvbar []float64) {
	l.box.pull(w, l.box.t.HBox.Of(dw), dw, dvbar, nil)
	l.rest.Pullback(dw, dtheta)
}

func (l *loose) dim() int { return l.rest.Len() }

func (l *loose) deploy(theta, w, _ []float64) {
	l.rest.Deploy(theta, w)
	for j := range l.cbox.Of(w) {
		l.cbox.Of(w)[j] = looseC
	}
	for j := range l.hbox.Of(w) {
		l.hbox.Of(w)[j] = looseH
	}
}

func (l *loose) pullback(_, _, dw, dtheta, _ []float64) { l.rest.Pullback(dw, dtheta) }
