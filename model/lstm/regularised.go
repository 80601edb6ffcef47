package lstm

import (
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/seq"
)

// Regularised is a Network whose gates are free and whose training is pulled to where the claim can be proved.
type Regularised struct {
	*Network
	compare []comparison
	paper   []paperLayer // Penalty only
	perron  perron
	pdw     []float64
}

var (
	_ model.Penalised   = (*Regularised)(nil)
	_ model.Certifiable = (*Regularised)(nil)
)

func newRegularised(m *Network) *Regularised {
	r := &Regularised{Network: m, pdw: make([]float64, len(m.w)), compare: comparisons(m.Confined)}
	if m.Options.Guarantee == Penalty {
		r.paper = paperLayers(m.Confined.(seq.LSTM))
	}
	return r
}

func comparisons(c seq.Cell) (out []comparison) {
	switch c := c.(type) {
	case seq.LSTM:
		for _, t := range c.Tensors().Layers {
			out = append(out, newLSTMCompare(t))
		}
	case seq.GRU:
		for _, t := range c.Tensors().Layers {
			out = append(out, newGRUCompare(t))
		}
	}
	return out
}

func paperLayers(c seq.LSTM) (out []paperLayer) {
	for _, t := range c.Tensors().Layers {
		out = append(out, paperLayer{[4]seq.GateTensors{t.I, t.F, t.G, t.O}})
	}
	return out
}

// Constants of the componentwise penalty: weight, and distance that it keeps from the rate.
const (
	componentWeight = 3
	componentMargin = 0.002
)

// Constants of the penalty of Bonassi et al. 2023, eq. 19.
const (
	paperUp     = 1
	paperDown   = 1e-4
	paperMargin = 0.005 // epsilon
)

// Penalty returns the penalty at the parameters last deployed and adds its gradient to grad (nil: the value alone):
// for Componentwise the sum over the layers of 3 max(rho(M) - aim, 0), for Penalty the mean of
// omega+ max(nu1 + eps, 0) + omega- min(nu1 + eps, 0).
func (m *Regularised) Penalty(theta, grad []float64) float64 {
	clear(m.pdw)
	var value float64
	if m.paper != nil {
		value = m.paperPenalty(grad != nil)
	} else {
		value = m.componentPenalty(grad != nil)
	}
	if grad != nil {
		m.Pullback(theta, m.pdw, grad)
	}
	return value
}

func (m *Regularised) componentPenalty(grad bool) (value float64) {
	aim := m.Options.Rate - min(componentMargin, 2*(1-m.Options.Rate))
	for l, c := range m.compare {
		c.set(m.w, m.inputs[l])
		n, a, _ := c.matrix()
		m.perron.set(n, a)
		if !(m.perron.rho > aim) {
			continue
		}
		value += componentWeight * (m.perron.rho - aim)
		if grad {
			clear(m.dinput[l])
			c.pull(m.w, m.perron.left, m.perron.right, componentWeight, m.pdw, m.dinput[l])
			if l > 0 {
				direct(m.hbox[l-1].Of(m.pdw), m.dinput[l])
			}
		}
	}
	return value
}

func (m *Regularised) paperPenalty(grad bool) (value float64) {
	share := 1 / float64(len(m.paper))
	for l := range m.paper {
		e := m.paper[l].eval(m.w)
		over, f := e.nu1+paperMargin, share*paperDown
		if over > 0 {
			f = share * paperUp
		}
		value += f * over
		if grad {
			m.paper[l].pull(m.w, &e, f, m.pdw)
		}
	}
	return value
}

// provable is the largest spectral radius at which Penalty's networks are proved.
const provable = 0.9999

// Residual is, over the layers, the largest of the better of the two spectral radii, componentwise and scalar, less
// the rate (Componentwise) or less 0.9999 (Penalty): negative where Prove succeeds.
func (m *Regularised) Residual(theta []float64) float64 {
	limit := m.Options.Rate
	if m.paper != nil {
		limit = provable
	}
	m.Deploy(theta, m.pdw)
	worst := math.Inf(-1)
	for l, c := range m.compare {
		c.set(m.w, m.inputs[l])
		worst = max(worst, smaller(c, &m.perron, m.w)-limit)
	}
	return worst
}

// smaller returns the better of the two spectral radii of a layer.
func smaller(c comparison, p *perron, w []float64) float64 {
	n, a, _ := c.matrix()
	p.set(n, a)
	rho := p.rho
	if s, _, ok := c.scalar(w); ok {
		rho = min(rho, radius2(s))
	}
	return rho
}

// initPaper draws weights as the authors' code does, uniform in 1/n with zero biases, but gives the forget gates the
// plant's memory, and shrinks all weights but those biases until the condition holds with twice the clearance.
func (l *freeLSTM) initPaper(r *rand.Rand, s start, theta []float64) {
	t := l.box.t
	w := make([]float64, t.HBox.Offset+t.HBox.Len())
	for _, x := range l.rest {
		if x.Cols > 0 {
			for k := range x.Of(w) {
				x.Of(w)[k] = (2*r.Float64() - 1) / float64(t.HBox.Rows)
			}
		}
	}
	hold := t.F.B.Of(w)
	for j := range hold {
		hold[j] = max(logit(s.memory(r, 1)), 0)
	}
	p := paperLayer{[4]seq.GateTensors{t.I, t.F, t.G, t.O}}
	for p.eval(w).nu1 > -2*paperMargin {
		for _, x := range l.rest {
			if x.Cols > 0 {
				for k := range x.Of(w) {
					x.Of(w)[k] *= 0.9
				}
			}
		}
	}
	gather(l.rest, w, theta)
}

// Residuals returns nu1 and nu2 of Bonassi et al. 2023 (eq. 8a, 8b) for each layer of an LSTM with weights w; both are
// negative where their condition holds, and the second follows from the first.
func Residuals(c seq.LSTM, w []float64) (nu [][2]float64) {
	for _, p := range paperLayers(c) {
		e := p.eval(w)
		nu = append(nu, [2]float64{e.nu1, e.nu2})
	}
	return nu
}
