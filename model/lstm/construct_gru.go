package lstm

import (
	"math"

	"github.com/plumb-go/plumb/nn/seq"
)

// constructGRU is one GRU layer that is certified for every parameter vector (theorem and proof in doc.go). Its
// parameters are, with Uz and Un before the scaling of their rows,
//
//	Wz Uz Wr Ur br Wn Un bn, then per unit the free numbers behind zeta, tau, eta.
type constructGRU struct {
	rate float64
	n, d int
	t    seq.GRULayer
	box  *gruBox

	unit             []gruUnit
	vbar             []float64
	one, h           []float64 // first and second bound of |h|
	rh0, rh          []float64 // of |r h|
	eta, qr, x       []float64 // metric; |Ur| eta; rbar eta + h slope qr
	rwz, rwr, rwn    []float64 // |W| vbar
	ruz, rur0, rur   []float64 // |U| h
	run0, run        []float64 // |Un| (r h)
	qz, qn           []float64 // |Uz| eta, |Un| x
	dh, drh0, drh    []float64
	deta, dqr, dx    []float64
	a, b, c, e, f, g []float64 // gradients of sums
}

// gruUnit holds what the pullback needs of one unit. zeta bounds the gate z.
type gruUnit struct {
	zeta, room, rest     float64 // zeta, rate - zeta, 1 - zeta
	share                float64 // of the budget room that n has
	eta                  float64
	r0, n, r             float64 // bounds of the gate r (over |h| <= 1 and over the box) and of |n|
	slope, dlo, dhi      [3]float64
	demandZ, budgetZ, sz float64
	demandN, budgetN, sn float64
	dzeta, droom, dshare float64 // gradients; dzeta of logit zeta
	deta, dr             float64
}

const (
	gateZ = iota
	gateR
	gateN
)

func newConstructGRU(t seq.GRULayer, rate float64) *constructGRU {
	n, d := t.Z.W.Rows, t.Z.W.Cols
	l := &constructGRU{rate: rate, n: n, d: d, t: t, box: newGRUBox(t), unit: make([]gruUnit, n), vbar: make([]float64, d), one: units(n)}
	for _, v := range []*[]float64{
		&l.h, &l.rh0, &l.rh, &l.eta, &l.qr, &l.x, &l.rwz, &l.rwr, &l.rwn, &l.ruz, &l.rur0, &l.rur, &l.run0, &l.run, &l.qz, &l.qn,
		&l.dh, &l.drh0, &l.drh, &l.deta, &l.dqr, &l.dx, &l.a, &l.b, &l.c, &l.e, &l.f, &l.g,
	} {
		*v = make([]float64, n)
	}
	return l
}

func (l *constructGRU) dim() int { return 3*l.n*(l.d+l.n) + 5*l.n }

type gruParams struct {
	wz, uz, wr, ur, br, wn, un, bn, zeta, tau, eta []float64
}

func (l *constructGRU) split(x []float64) gruParams {
	take := func(n int) []float64 {
		y := x[:n]
		x = x[n:]
		return y
	}
	n, nd, nn := l.n, l.n*l.d, l.n*l.n
	return gruParams{take(nd), take(nn), take(nd), take(nn), take(n), take(nd), take(nn), take(n), take(n), take(n), take(n)}
}

// sum overwrites y with |m| x.
func sum(y, m, x []float64) {
	clear(y)
	addAbs(y, m, x)
}

func (l *constructGRU) deploy(theta, w, vbar []float64) {
	p := l.split(theta)
	copy(l.vbar, vbar)
	sum(l.rwz, p.wz, vbar)
	sum(l.rwr, p.wr, vbar)
	sum(l.rwn, p.wn, vbar)
	sum(l.rur0, p.ur, l.one)
	for j := range l.unit {
		u := &l.unit[j]
		u.zeta, u.room = l.rate*sigmoid(p.zeta[j]), l.rate*sigmoid(-p.zeta[j])
		u.rest = 1 - l.rate + u.room
		u.share, u.eta = sigmoid(p.tau[j]), math.Exp(p.eta[j])
		l.eta[j] = u.eta
		u.r0 = sigmoid(p.br[j] + l.rwr[j] + l.rur0[j])
		l.rh0[j] = u.r0 * unit
	}
	sum(l.run0, p.un, l.rh0)
	for j := range l.unit {
		u := &l.unit[j]
		u.n = math.Tanh(math.Abs(p.bn[j]) + l.rwn[j] + l.run0[j])
		l.h[j] = wider*u.n + twoFloors
	}
	sum(l.ruz, p.uz, l.h)
	sum(l.rur, p.ur, l.h)
	sum(l.qz, p.uz, l.eta)
	sum(l.qr, p.ur, l.eta)
	for j := range l.unit {
		u := &l.unit[j]
		r := l.rwr[j] + l.rur[j]
		u.slope[gateR], u.dlo[gateR], u.dhi[gateR] = steepest(p.br[j]-r, p.br[j]+r)
		u.r = sigmoid(p.br[j] + r)
		l.rh[j] = u.r * l.h[j]
		l.x[j] = u.r*u.eta + l.h[j]*u.slope[gateR]*l.qr[j]
	}
	sum(l.run, p.un, l.rh)
	sum(l.qn, p.un, l.x)
	for j := range l.unit {
		l.scale(j, &p)
		l.write(j, &p, w)
	}
	l.box.run(w, vbar, l.h)
}

// logZeta is logit zeta.
func (l *constructGRU) logZeta(j int, p *gruParams) float64 {
	return math.Log(l.rate) + logSigmoid(p.zeta[j]) - math.Log(l.unit[j].rest)
}

// scale computes the factors of row j of Uz and Un.
func (l *constructGRU) scale(j int, p *gruParams) {
	u := &l.unit[j]
	hi := l.logZeta(j, p)
	u.slope[gateZ], u.dlo[gateZ], u.dhi[gateZ] = steepest(hi-2*(l.rwz[j]+l.ruz[j]), hi)
	r := l.rwn[j] + l.run[j]
	u.slope[gateN], u.dlo[gateN], u.dhi[gateN] = steepestTanh(p.bn[j]-r, p.bn[j]+r)
	u.demandZ, u.budgetZ, u.sz = u.slope[gateZ]*l.qz[j]*2*l.h[j], u.room*sigmoid(-p.tau[j])*u.eta, 1
	if u.demandZ > u.budgetZ {
		u.sz = u.budgetZ / u.demandZ
	}
	u.demandN, u.budgetN, u.sn = u.slope[gateN]*l.qn[j], u.room*u.share/u.rest*u.eta, 1
	if u.demandN > u.budgetN {
		u.sn = u.budgetN / u.demandN
	}
}

func (l *constructGRU) write(j int, p *gruParams, w []float64) {
	u, t := &l.unit[j], l.t
	for k := j * l.d; k < (j+1)*l.d; k++ {
		t.Z.W.Of(w)[k], t.R.W.Of(w)[k], t.N.W.Of(w)[k] = p.wz[k], p.wr[k], p.wn[k]
	}
	for k := j * l.n; k < (j+1)*l.n; k++ {
		t.Z.U.Of(w)[k], t.R.U.Of(w)[k], t.N.U.Of(w)[k] = u.sz*p.uz[k], p.ur[k], u.sn*p.un[k]
	}
	t.Z.B.Of(w)[j] = l.logZeta(j, p) - l.rwz[j] - u.sz*l.ruz[j]
	t.R.B.Of(w)[j], t.N.B.Of(w)[j] = p.br[j], p.bn[j]
}

func (l *constructGRU) pullback(theta, w, dw, dtheta, dvbar []float64) {
	p, dp, t := l.split(theta), l.split(dtheta), l.t
	for _, v := range [][]float64{l.dh, l.drh0, l.drh, l.deta, l.dqr, l.dx} {
		clear(v)
	}
	l.box.pull(w, t.HBox.Of(dw), dw, dvbar, l.dh)
	direct(dp.wz, t.Z.W.Of(dw))
	direct(dp.wr, t.R.W.Of(dw))
	direct(dp.ur, t.R.U.Of(dw))
	direct(dp.br, t.R.B.Of(dw))
	direct(dp.wn, t.N.W.Of(dw))
	direct(dp.bn, t.N.B.Of(dw))
	for j := range l.unit {
		l.pullScale(j, &p, &dp, dw)
	}
	// rwz and ruz; qz; run and rwn; qn
	pullAbs(dp.wz, dvbar, p.wz, l.vbar, l.a)
	pullAbs(dp.uz, l.dh, p.uz, l.h, l.b)
	pullAbs(dp.uz, l.deta, p.uz, l.eta, l.c)
	pullAbs(dp.wn, dvbar, p.wn, l.vbar, l.e)
	pullAbs(dp.un, l.drh, p.un, l.rh, l.f)
	pullAbs(dp.un, l.dx, p.un, l.x, l.g)
	for j := range l.unit { // rh, x and the range of r over the box
		u := &l.unit[j]
		h := l.h[j]
		u.dr = l.drh[j]*h + l.dx[j]*u.eta
		l.dh[j] += l.drh[j]*u.r + l.dx[j]*u.slope[gateR]*l.qr[j]
		l.deta[j] += l.dx[j] * u.r
		l.dqr[j] = l.dx[j] * h * u.slope[gateR]
		ds := l.dx[j] * h * l.qr[j]
		lo, hi := ds*u.dlo[gateR], ds*u.dhi[gateR]+u.dr*u.r*(1-u.r)
		dp.br[j] += lo + hi
		l.a[j] = hi - lo
	}
	pullAbs(dp.wr, dvbar, p.wr, l.vbar, l.a)
	pullAbs(dp.ur, l.dh, p.ur, l.h, l.a)
	pullAbs(dp.ur, l.deta, p.ur, l.eta, l.dqr)
	for j := range l.unit { // the second bound of |h|
		u := &l.unit[j]
		z := l.dh[j] * wider * (1 - u.n*u.n)
		dp.bn[j] += z * sign(p.bn[j])
		l.a[j] = z
	}
	pullAbs(dp.wn, dvbar, p.wn, l.vbar, l.a)
	pullAbs(dp.un, l.drh0, p.un, l.rh0, l.a)
	for j := range l.unit {
		u := &l.unit[j]
		z := l.drh0[j] * unit * u.r0 * (1 - u.r0)
		dp.br[j] += z
		l.a[j] = z
	}
	pullAbs(dp.wr, dvbar, p.wr, l.vbar, l.a)
	pullAbs(dp.ur, nil, p.ur, l.one, l.a)
	for j := range l.unit {
		l.pullUnit(j, &p, &dp)
	}
}

func direct(dst, x []float64) {
	for i, v := range x {
		dst[i] += v
	}
}

// pullScale pulls back the deployed rows of Uz and Un, the bias of z and the two factors of unit j, down to sums.
func (l *constructGRU) pullScale(j int, p, dp *gruParams, dw []float64) {
	u, t := &l.unit[j], l.t
	u.droom, u.dshare, u.deta = 0, 0, 0
	gz, gn := t.Z.U.Of(dw), t.N.U.Of(dw)
	gb := t.Z.B.Of(dw)[j]
	var dsz, dsn float64
	for k := j * l.n; k < (j+1)*l.n; k++ {
		dsz += gz[k] * p.uz[k]
		dsn += gn[k] * p.un[k]
		dp.uz[k] += u.sz * gz[k]
		dp.un[k] += u.sn * gn[k]
	}
	dsz -= gb * l.ruz[j]
	u.dzeta = gb
	l.a[j], l.b[j], l.c[j] = -gb, -u.sz*gb, 0
	l.e[j], l.f[j], l.g[j] = 0, 0, 0
	if u.demandZ > u.budgetZ {
		left := sigmoid(-p.tau[j])
		db, dd := dsz/u.demandZ, -dsz*u.sz/u.demandZ
		u.droom += db * left * u.eta
		u.dshare -= db * u.room * u.eta
		u.deta += db * u.room * left
		l.c[j] = dd * u.slope[gateZ] * 2 * l.h[j]
		l.dh[j] += dd * u.slope[gateZ] * 2 * l.qz[j]
		ds := dd * l.qz[j] * 2 * l.h[j]
		lo, hi := ds*u.dlo[gateZ], ds*u.dhi[gateZ]
		u.dzeta += lo + hi
		l.a[j] -= 2 * lo
		l.b[j] -= 2 * lo
	}
	if u.demandN > u.budgetN {
		db, dd := dsn/u.demandN, -dsn*u.sn/u.demandN
		u.droom += db * u.share * u.eta / u.rest * (1 - u.room/u.rest)
		u.dshare += db * u.room / u.rest * u.eta
		u.deta += db * u.room / u.rest * u.share
		l.g[j] = dd * u.slope[gateN]
		ds := dd * l.qn[j]
		lo, hi := ds*u.dlo[gateN], ds*u.dhi[gateN]
		dp.bn[j] += lo + hi
		l.e[j], l.f[j] = hi-lo, hi-lo
	}
}

// pullUnit pulls back the numbers of unit j.
func (l *constructGRU) pullUnit(j int, p, dp *gruParams) {
	u := &l.unit[j]
	back := sigmoid(-p.zeta[j])
	dp.zeta[j] += back * (u.dzeta*(1+u.zeta/u.rest) - u.zeta*u.droom)
	dp.tau[j] += u.dshare * u.share * sigmoid(-p.tau[j])
	dp.eta[j] += (u.deta + l.deta[j]) * u.eta
}
