package lstm

import (
	"math"

	"github.com/plumb-go/plumb/nn/seq"
)

// constructLSTM is one LSTM layer that is certified for every parameter vector (theorem and proof in doc.go). Its
// parameters are, with U before the scaling of its rows,
//
//	Wi Ui Wf Uf Wg Ug bg Wo Uo, then per unit the free numbers behind phi, iota, omega, eta, kappa.
type constructLSTM struct {
	rate  float64
	n, d  int
	t     seq.LSTMLayer
	gates [4]seq.GateTensors
	box   *lstmBox

	unit                   []lstmUnit
	h0, h, ke              []float64    // first and second bound of |h|, h-metric
	rw, ru, q              [4][]float64 // |W| vbar, |U| h, |U| ke of each gate, raw
	vbar                   []float64
	dh0, dh, dke, drw, dru []float64
}

// lstmUnit holds what the pullback needs of one unit. phi, iota, omega bound the gates f, i, o.
type lstmUnit struct {
	phi, room, rest           float64 // phi, rate - phi, 1 - phi
	iota, omega               float64
	eta, kappa, gap           float64 // metric, ratio of the h-metric to it, kappa - omega
	g, c0, c, tc              float64 // bounds of |g| and |c| (before and after that of g), tanh c
	slope, dlo, dhi           [4]float64
	demand, scale             float64 // of the rows of Uf, Ug, Ui: demand on the budget room, factor
	demandO, budgetO, scaleO  float64 // the same for Uo
	dphi, diota, domega       float64 // gradients: of logit phi and of p_iota, p_omega through the biases
	droom, deta, dgap, dkappa float64
	dg, dc, dtc               float64
	drw, dru, dq              [4]float64 // of |W| vbar, |U| h, |U| ke
}

func newConstructLSTM(t seq.LSTMLayer, rate float64) *constructLSTM {
	n, d := t.I.W.Rows, t.I.W.Cols
	l := &constructLSTM{
		rate: rate, n: n, d: d, t: t, gates: [4]seq.GateTensors{t.I, t.F, t.G, t.O}, box: newLSTMBox(t),
		unit: make([]lstmUnit, n), vbar: make([]float64, d),
	}
	v := vectors(20, n)
	l.h0, l.h, l.ke, l.dh0, l.dh, l.dke, l.drw, l.dru = v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]
	for q := range 4 {
		l.rw[q], l.ru[q], l.q[q] = v[8+3*q], v[9+3*q], v[10+3*q]
	}
	return l
}

func (l *constructLSTM) dim() int { return 4*l.n*(l.d+l.n) + 6*l.n }

// lstmParams are the parameters of a constructed layer, or their gradient.
type lstmParams struct {
	w, u                         [4][]float64
	bg                           []float64
	phi, iota, omega, eta, kappa []float64
}

func (l *constructLSTM) split(x []float64) (p lstmParams) {
	take := func(n int) []float64 {
		y := x[:n]
		x = x[n:]
		return y
	}
	for q := range 4 {
		p.w[q], p.u[q] = take(l.n*l.d), take(l.n*l.n)
		if q == gateG {
			p.bg = take(l.n)
		}
	}
	p.phi, p.iota, p.omega, p.eta, p.kappa = take(l.n), take(l.n), take(l.n), take(l.n), take(l.n)
	return p
}

func (l *constructLSTM) deploy(theta, w, vbar []float64) {
	p := l.split(theta)
	copy(l.vbar, vbar)
	for q := range 4 {
		clear(l.rw[q])
		addAbs(l.rw[q], p.w[q], vbar)
		clear(l.ru[q])
		clear(l.q[q])
	}
	for j := range l.unit {
		l.bound(j, &p)
	}
	addAbs(l.ru[gateG], p.u[gateG], l.h0)
	for j := range l.unit {
		x := &l.unit[j]
		x.g = math.Tanh(math.Abs(p.bg[j]) + l.rw[gateG][j] + l.ru[gateG][j])
		x.c = wider*x.iota*x.g/x.rest + twoFloors
		x.tc = math.Tanh(x.c)
		l.h[j] = wider * x.omega * x.tc
	}
	for q := range 4 {
		if q != gateG {
			addAbs(l.ru[q], p.u[q], l.h)
		}
		addAbs(l.q[q], p.u[q], l.ke)
	}
	for j := range l.unit {
		l.scale(j, &p)
		l.write(j, &p, w)
	}
	l.box.run(w, vbar, l.h)
}

// bound computes the bounds of unit j that follow from its own numbers.
func (l *constructLSTM) bound(j int, p *lstmParams) {
	x := &l.unit[j]
	x.phi, x.room = l.rate*sigmoid(p.phi[j]), l.rate*sigmoid(-p.phi[j])
	x.rest = 1 - l.rate + x.room
	x.iota, x.omega, x.eta = sigmoid(p.iota[j]), sigmoid(p.omega[j]), math.Exp(p.eta[j])
	x.gap = sigmoid(-p.omega[j]) * sigmoid(p.kappa[j])
	x.kappa = x.omega + x.gap
	l.ke[j] = x.kappa * x.eta
	x.c0 = wider*x.iota/x.rest + twoFloors
	l.h0[j] = wider * x.omega * math.Tanh(x.c0)
}

// ends returns the range of the pre-activation of gate q of unit j for every scaling of the rows of U.
func (l *constructLSTM) ends(q, j int, p *lstmParams) (lo, hi float64) {
	r := l.rw[q][j] + l.ru[q][j]
	switch q {
	case gateG:
		return p.bg[j] - r, p.bg[j] + r
	case gateF:
		hi = math.Log(l.rate) + logSigmoid(p.phi[j]) - math.Log(l.unit[j].rest)
	case gateI:
		hi = p.iota[j]
	case gateO:
		hi = p.omega[j]
	}
	return hi - 2*r, hi
}

// scale computes the factors of the rows of U.
func (l *constructLSTM) scale(j int, p *lstmParams) {
	x := &l.unit[j]
	for q := range 4 {
		lo, hi := l.ends(q, j, p)
		if q == gateG {
			x.slope[q], x.dlo[q], x.dhi[q] = steepestTanh(lo, hi)
		} else {
			x.slope[q], x.dlo[q], x.dhi[q] = steepest(lo, hi)
		}
	}
	x.demand = (x.slope[gateF]*x.c*l.q[gateF][j] + x.iota*x.slope[gateG]*l.q[gateG][j] + x.g*x.slope[gateI]*l.q[gateI][j]) / x.eta
	x.scale = 1
	if x.demand > x.room {
		x.scale = x.room / x.demand
	}
	x.demandO, x.budgetO = x.tc*x.slope[gateO]*l.q[gateO][j], l.rate*x.eta*x.gap
	x.scaleO = 1
	if x.demandO > x.budgetO {
		x.scaleO = x.budgetO / x.demandO
	}
}

func (x *lstmUnit) factor(q int) float64 {
	if q == gateO {
		return x.scaleO
	}
	return x.scale
}

// write deploys the gates of unit j.
func (l *constructLSTM) write(j int, p *lstmParams, w []float64) {
	x := &l.unit[j]
	for q, g := range l.gates {
		s := x.factor(q)
		copy(g.W.Of(w)[j*l.d:(j+1)*l.d], p.w[q][j*l.d:])
		for k := j * l.n; k < (j+1)*l.n; k++ {
			g.U.Of(w)[k] = s * p.u[q][k]
		}
		if q == gateG {
			g.B.Of(w)[j] = p.bg[j]
			continue
		}
		_, hi := l.ends(q, j, p)
		g.B.Of(w)[j] = hi - l.rw[q][j] - s*l.ru[q][j]
	}
}

func (l *constructLSTM) pullback(theta, w, dw, dtheta, dvbar []float64) {
	p, dp := l.split(theta), l.split(dtheta)
	clear(l.dh)
	clear(l.dh0)
	clear(l.dke)
	l.box.pull(w, l.t.CBox.Of(dw), l.t.HBox.Of(dw), dw, dvbar, l.dh)
	for j := range l.unit {
		l.pullScale(j, &p, &dp, dw)
	}
	for q, g := range l.gates {
		l.pullSums(q, g, &p, &dp, dw, dvbar)
	}
	for j := range l.unit { // the second bound of |h|
		x := &l.unit[j]
		x.domega += l.dh[j] * wider * x.tc * x.omega * (1 - x.omega)
		x.dtc += l.dh[j] * wider * x.omega
		x.dc += x.dtc * (1 - x.tc*x.tc)
		x.diota += x.dc * (x.c - twoFloors) * (1 - x.iota)
		x.droom -= x.dc * (x.c - twoFloors) / x.rest
		x.dg += x.dc * wider * x.iota / x.rest
		z := x.dg * (1 - x.g*x.g)
		dp.bg[j] += z * sign(p.bg[j])
		l.drw[j] = z
	}
	pullAbs(dp.u[gateG], l.dh0, p.u[gateG], l.h0, l.drw)
	pullAbs(dp.w[gateG], dvbar, p.w[gateG], l.vbar, l.drw)
	for j := range l.unit {
		l.pullUnit(j, &p, &dp)
	}
}

// pullScale pulls back the deployed rows, biases and factors of unit j, down to sums and bounds.
func (l *constructLSTM) pullScale(j int, p, dp *lstmParams, dw []float64) {
	x := &l.unit[j]
	x.dphi, x.diota, x.domega, x.droom, x.deta, x.dgap, x.dkappa, x.dg, x.dc, x.dtc = 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
	var ds, dso float64
	for q, g := range l.gates {
		s := x.factor(q)
		var sum float64
		gu := g.U.Of(dw)
		for k := j * l.n; k < (j+1)*l.n; k++ {
			sum += gu[k] * p.u[q][k]
			dp.u[q][k] += s * gu[k]
		}
		gb := g.B.Of(dw)[j]
		switch q {
		case gateG:
			dp.bg[j] += gb
		case gateF:
			x.dphi += gb
		case gateI:
			x.diota += gb
		case gateO:
			x.domega += gb
		}
		if q != gateG {
			sum -= gb * l.ru[q][j]
		}
		if q == gateO {
			dso += sum
		} else {
			ds += sum
		}
	}
	var dslope [4]float64
	x.dq = [4]float64{}
	if x.demand > x.room {
		x.droom += ds / x.demand
		da := -ds * x.scale / x.demand
		x.deta -= da * x.demand / x.eta
		da /= x.eta
		qf, qg, qi := l.q[gateF][j], l.q[gateG][j], l.q[gateI][j]
		dslope[gateF], dslope[gateG], dslope[gateI] = da*x.c*qf, da*x.iota*qg, da*x.g*qi
		x.dq[gateF], x.dq[gateG], x.dq[gateI] = da*x.slope[gateF]*x.c, da*x.slope[gateG]*x.iota, da*x.slope[gateI]*x.g
		x.dc += da * x.slope[gateF] * qf
		x.diota += da * x.slope[gateG] * qg * x.iota * (1 - x.iota)
		x.dg += da * x.slope[gateI] * qi
	}
	if x.demandO > x.budgetO {
		db := dso / x.demandO
		x.deta += db * l.rate * x.gap
		x.dgap += db * l.rate * x.eta
		dd := -dso * x.scaleO / x.demandO
		qo := l.q[gateO][j]
		dslope[gateO], x.dq[gateO] = dd*x.tc*qo, dd*x.tc*x.slope[gateO]
		x.dtc += dd * x.slope[gateO] * qo
	}
	for q, g := range l.gates {
		lo, hi := dslope[q]*x.dlo[q], dslope[q]*x.dhi[q]
		gb := g.B.Of(dw)[j]
		dr, du := -2*lo-gb, -2*lo-x.factor(q)*gb
		switch q {
		case gateG:
			dp.bg[j] += lo + hi
			dr, du = hi-lo, hi-lo
		case gateF:
			x.dphi += lo + hi
		case gateI:
			x.diota += lo + hi
		case gateO:
			x.domega += lo + hi
		}
		x.drw[q], x.dru[q] = dr, du
	}
}

// pullSums pulls back the sums of absolute values of gate q.
func (l *constructLSTM) pullSums(q int, g seq.GateTensors, p, dp *lstmParams, dw, dvbar []float64) {
	for j := range l.unit {
		l.drw[j], l.dru[j] = l.unit[j].drw[q], l.unit[j].dru[q]
	}
	for k, v := range g.W.Of(dw) {
		dp.w[q][k] += v
	}
	pullAbs(dp.w[q], dvbar, p.w[q], l.vbar, l.drw)
	if q == gateG {
		pullAbs(dp.u[q], l.dh0, p.u[q], l.h0, l.dru)
	} else {
		pullAbs(dp.u[q], l.dh, p.u[q], l.h, l.dru)
	}
	for j := range l.unit {
		l.dru[j] = l.unit[j].dq[q]
	}
	pullAbs(dp.u[q], l.dke, p.u[q], l.ke, l.dru)
}

// pullUnit pulls back the numbers of unit j. dphi, diota and domega are with respect to logit phi, p_iota and p_omega;
// room and rest move together.
func (l *constructLSTM) pullUnit(j int, p, dp *lstmParams) {
	x := &l.unit[j]
	tc := math.Tanh(x.c0)
	x.domega += l.dh0[j] * wider * tc * x.omega * (1 - x.omega)
	dc0 := l.dh0[j] * wider * x.omega * (1 - tc*tc)
	x.diota += dc0 * (x.c0 - twoFloors) * (1 - x.iota)
	x.droom -= dc0 * (x.c0 - twoFloors) / x.rest

	x.deta += l.dke[j] * x.kappa
	dkappa := l.dke[j] * x.eta
	up, down := sigmoid(p.kappa[j]), sigmoid(-p.kappa[j])
	slope := x.omega * sigmoid(-p.omega[j])
	dp.kappa[j] += (x.dgap + dkappa) * x.gap * down
	dp.omega[j] += x.domega + (dkappa*down-x.dgap*up)*slope
	dp.eta[j] += x.deta * x.eta
	dp.iota[j] += x.diota
	back := sigmoid(-p.phi[j])
	dp.phi[j] += back * (x.dphi*(1+x.phi/x.rest) - x.phi*x.droom)
}
