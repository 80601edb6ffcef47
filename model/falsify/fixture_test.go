package falsify

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/nn/seq"
)

// The fixtures are random networks whose recurrent matrices are as large as the step maps of docs/bundle.md (delta-iss)
// prove at a given rate, so that the bound is about as tight as such bounds get. Boxes, step maps and witnesses are
// computed here in floating point, by other code than the library's.

// spec describes a fixture.
type spec struct {
	gru                 bool
	in, out             int
	units               []int
	filter              seq.FilterSize
	norm                bool // LSTM proved in norms
	rate                float64
	slow                [2]float64 // range of the largest forget gates as parts of the rate
	input, recur, tight float64    // sizes of W and U before U is scaled; part of the largest scale that is used
}

func (s spec) String() string {
	kind := "lstm"
	if s.gru {
		kind = "gru"
	}
	if s.norm {
		kind += " norm"
	}
	return fmt.Sprintf("%s %d-%v-%d filter %d rate %g", kind, s.in, s.units, s.out, s.filter.States, s.rate)
}

// fixture is a network with a witness.
type fixture struct {
	cell    seq.Cell
	w       []float64
	witness cert.Witness
}

func (f fixture) bound(t testing.TB) *Bound {
	t.Helper()
	b, err := NewBound(f.cell, f.w, f.witness)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// gateRange is a gate of a layer with its matrices and the range of what enters it.
type gateRange struct {
	w, u   [][]float64
	lo, hi []float64
}

// layerMap is the step map of one layer on its box.
type layerMap struct {
	gru, norm  bool
	n, d       int
	g          map[string]*gateRange
	cbox, hbox []float64
	spectral   map[string][2]float64 // norms of W and U of each gate
}

func matrix(x []float64, rows, cols int) [][]float64 {
	m := make([][]float64, rows)
	for i := range m {
		m[i] = x[i*cols : (i+1)*cols]
	}
	return m
}

func rowSum(row, v []float64) float64 {
	s := 0.0
	for j, x := range row {
		s += math.Abs(x) * v[j]
	}
	return s
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// newLayerMap finds the box by interval arithmetic, from hbox = 1 down.
func newLayerMap(gru, norm bool, names string, gates []seq.GateTensors, w []float64, n, d int, vbar []float64) *layerMap {
	l := &layerMap{gru: gru, norm: norm, n: n, d: d, g: map[string]*gateRange{}, cbox: make([]float64, n), hbox: make([]float64, n), spectral: map[string][2]float64{}}
	fill(l.hbox, 1)
	for i, t := range gates {
		l.g[names[i:i+1]] = &gateRange{w: matrix(t.W.Of(w), n, d), u: matrix(t.U.Of(w), n, n), lo: make([]float64, n), hi: make([]float64, n)}
	}
	span := func(i int, h []float64) {
		g := l.g[names[i:i+1]]
		for j := range n {
			c, r := gates[i].B.Of(w)[j], rowSum(g.w[j], vbar)+rowSum(g.u[j], h)
			g.lo[j], g.hi[j] = c-r, c+r
		}
	}
	for range 4 {
		reset := append([]float64(nil), l.hbox...)
		for i := range gates {
			if gru && i == 2 { // names are z, r, n
				for j := range n {
					reset[j] *= sigmoid(l.g["r"].hi[j])
				}
			}
			span(i, reset)
		}
		for j := range n {
			const room = 1 + 1e-9
			if gru {
				z, nn := l.g["z"], l.g["n"]
				nbar := math.Tanh(max(math.Abs(nn.lo[j]), math.Abs(nn.hi[j])))
				a, b := sigmoid(z.lo[j]), sigmoid(z.hi[j])
				l.hbox[j] = min(l.hbox[j], room*max(a*l.hbox[j]+(1-a)*nbar, b*l.hbox[j]+(1-b)*nbar))
				continue
			}
			gg := l.g["g"]
			gbar := math.Tanh(max(math.Abs(gg.lo[j]), math.Abs(gg.hi[j])))
			l.cbox[j] = room * sigmoid(l.g["i"].hi[j]) * gbar / (1 - sigmoid(l.g["f"].hi[j]))
			l.hbox[j] = min(l.hbox[j], room*sigmoid(l.g["o"].hi[j])*math.Tanh(l.cbox[j]))
		}
	}
	return l
}

func (g *gateRange) logistic(j int) (top, slope float64) {
	top = sigmoid(g.hi[j])
	switch {
	case g.lo[j] > 0:
		s := sigmoid(g.lo[j])
		return top, s * (1 - s)
	case g.hi[j] < 0:
		return top, top * (1 - top)
	}
	return top, 0.25
}

func (g *gateRange) tanh(j int) (top, slope float64) {
	near := 0.0
	if g.lo[j] > 0 || g.hi[j] < 0 {
		near = math.Tanh(min(math.Abs(g.lo[j]), math.Abs(g.hi[j])))
	}
	return math.Tanh(max(math.Abs(g.lo[j]), math.Abs(g.hi[j]))), 1 - near*near
}

// apply is F(dx, dv).
func (l *layerMap) apply(dx, dv []float64) []float64 {
	switch {
	case l.norm:
		return l.applyNorm(dx, dv)
	case l.gru:
		return l.applyGRU(dx, dv)
	}
	n := l.n
	out := make([]float64, 2*n)
	for j := range n {
		in := func(name string) float64 { g := l.g[name]; return rowSum(g.w[j], dv) + rowSum(g.u[j], dx[n:]) }
		f, sf := l.g["f"].logistic(j)
		i, si := l.g["i"].logistic(j)
		o, so := l.g["o"].logistic(j)
		g, sg := l.g["g"].tanh(j)
		out[j] = f*dx[j] + l.cbox[j]*sf*in("f") + i*sg*in("g") + g*si*in("i")
		out[n+j] = o*out[j] + math.Tanh(l.cbox[j])*so*in("o")
	}
	return out
}

func (l *layerMap) applyGRU(dx, dv []float64) []float64 {
	n := l.n
	out, inner := make([]float64, n), make([]float64, n)
	for j := range n {
		r, s := l.g["r"].logistic(j)
		inner[j] = r*dx[j] + l.hbox[j]*s*(rowSum(l.g["r"].w[j], dv)+rowSum(l.g["r"].u[j], dx))
	}
	for j := range n {
		nbar, sn := l.g["n"].tanh(j)
		dn := sn * (rowSum(l.g["n"].w[j], dv) + rowSum(l.g["n"].u[j], inner))
		top, sz := l.g["z"].logistic(j)
		dz := sz * (rowSum(l.g["z"].w[j], dv) + rowSum(l.g["z"].u[j], dx))
		low := sigmoid(l.g["z"].lo[j])
		out[j] = max(top*dx[j]+(1-top)*dn, low*dx[j]+(1-low)*dn) + dz*(l.hbox[j]+nbar)
	}
	return out
}

// applyNorm: dx = (|dc|, |dh|), dv = |dv|.
func (l *layerMap) applyNorm(dx, dv []float64) []float64 {
	top := func(x []float64) (m float64) {
		for _, v := range x {
			m = max(m, v)
		}
		return m
	}
	gate := func(name string) (value, d float64) {
		g, s := l.g[name], 0.0
		for j := range l.n {
			v, slope := g.logistic(j)
			if name == "g" {
				v, slope = g.tanh(j)
			}
			value, s = max(value, v), max(s, slope)
		}
		if _, ok := l.spectral[name]; !ok {
			l.spectral[name] = [2]float64{spectral(g.w), spectral(g.u)}
		}
		return value, s * (l.spectral[name][0]*dv[0] + l.spectral[name][1]*dx[1])
	}
	f, df := gate("f")
	i, di := gate("i")
	o, do := gate("o")
	g, dg := gate("g")
	c := top(l.cbox)
	next := f*dx[0] + c*df + i*dg + g*di
	return []float64{next, o*next + math.Tanh(c)*do}
}

// spectral bounds the largest singular value by power iteration, with room for its error.
func spectral(m [][]float64) float64 {
	x := make([]float64, len(m[0]))
	for j := range x {
		x[j] = 1 + 0.1*math.Sin(float64(j))
	}
	s := 0.0
	for range 300 {
		y := make([]float64, len(x))
		for _, row := range m {
			d := 0.0
			for j, v := range row {
				d += v * x[j]
			}
			for j, v := range row {
				y[j] += d * v
			}
		}
		s = 0
		for _, v := range y {
			s = math.Hypot(s, v)
		}
		if s == 0 {
			return 0
		}
		for j := range x {
			x[j] = y[j] / s
		}
	}
	return math.Sqrt(s) * (1 + 1e-6)
}

// radius is the growth of F under iteration without input.
func (l *layerMap) radius() float64 {
	x := l.ones()
	dv := make([]float64, max(l.d, 1))
	growth := 0.0
	for range 400 {
		y, last := l.apply(x, dv), growth
		growth = 0
		for j := range y {
			y[j] += 1e-9
			growth = max(growth, y[j])
		}
		for j := range y {
			x[j] = y[j] / growth
		}
		if math.Abs(growth-last) < 1e-7 {
			break
		}
	}
	return growth
}

func (l *layerMap) ones() []float64 {
	n := l.n
	switch {
	case l.norm:
		n = 2
	case !l.gru:
		n *= 2
	}
	x := make([]float64, n)
	fill(x, 1)
	return x
}

// solve finds x with F(x, in) + least <= r x by iteration from below, and adds a little.
func (l *layerMap) solve(r float64, in []float64, least float64) []float64 {
	x := l.ones()
	clear(x)
	for range int(40/(1-l.radius()/r)) + 100 {
		change := 0.0
		for j, v := range l.apply(x, in) {
			change = max(change, math.Abs((v+least)/r-x[j])/(v+least))
			x[j] = (v + least) / r
		}
		if change < 1e-12 {
			break
		}
	}
	for j := range x {
		x[j] *= 1 + 1e-7
	}
	return x
}

// build makes a fixture.
func build(t testing.TB, s spec, seed uint64) fixture {
	t.Helper()
	r := rng.Stream(seed, "falsify/fixture/"+s.String())
	deep := seq.Deep{In: s.in, Out: s.out, Units: s.units, Filter: s.filter}
	var f fixture
	var gates [][]seq.GateTensors
	var boxes [][]seq.Tensor
	var filter seq.FilterTensors
	var out seq.OutTensors
	names := "ifgo"
	if s.gru {
		c := seq.GRU{Deep: deep}
		f.cell, names = c, "zrn"
		q := c.Tensors()
		filter, out = q.Filter, q.Out
		for _, y := range q.Layers {
			gates, boxes = append(gates, []seq.GateTensors{y.Z, y.R, y.N}), append(boxes, []seq.Tensor{y.HBox})
		}
	} else {
		c := seq.LSTM{Deep: deep}
		f.cell = c
		q := c.Tensors()
		filter, out = q.Filter, q.Out
		for _, y := range q.Layers {
			gates, boxes = append(gates, []seq.GateTensors{y.I, y.F, y.G, y.O}), append(boxes, []seq.Tensor{y.CBox, y.HBox})
		}
	}
	f.w = make([]float64, f.cell.Layout().Len())
	rate := s.rate
	f.witness.Rate = new(big.Rat).SetFloat64(rate)
	vbar, gain, decay := make([]float64, s.in), make([]float64, s.in), make([]float64, s.in)
	fill(vbar, 1)
	fill(gain, 1)
	if s.filter.States > 0 {
		vbar, gain, decay, f.witness.Filter = fillFilter(r, s, filter, f.w)
	}
	for k, n := range s.units {
		d := deep.Width(k)
		fillLayer(r, s, names, gates[k], f.w, n, d)
		l := scaleLayer(s, names, gates[k], f.w, n, d, vbar)
		copy(boxes[k][len(boxes[k])-1].Of(f.w), l.hbox)
		if !s.gru {
			copy(boxes[k][0].Of(f.w), l.cbox)
		}
		if s.norm {
			gain, decay = []float64{length(gain)}, []float64{length(decay)}
		}
		c := cert.CellWitness{Norm: s.norm, Eta: l.solve(rate, decay, 1e-3), Zeta: l.solve(1, gain, 1e-12)}
		f.witness.Cells = append(f.witness.Cells, c)
		at := len(c.Eta) / 2
		if s.gru {
			at = 0
		}
		vbar, gain, decay = l.hbox, append([]float64(nil), c.Zeta[at:]...), append([]float64(nil), c.Eta[at:]...)
		for i := range decay {
			decay[i] *= rate
		}
	}
	for _, x := range []seq.Tensor{out.Wy, out.By, out.Dy} {
		uniform(r, x.Of(f.w), 1)
	}
	return f
}

func length(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s = math.Hypot(s, v)
	}
	return s
}

func uniform(r *rand.Rand, x []float64, size float64) {
	for i := range x {
		x[i] = size * (2*r.Float64() - 1)
	}
}

// fillLayer draws a layer whose slowest gate (f or z) lies in the wanted range at its upper end, before U is scaled.
func fillLayer(r *rand.Rand, s spec, names string, gates []seq.GateTensors, w []float64, n, d int) {
	for i, g := range gates {
		uniform(r, g.W.Of(w), s.input/float64(d))
		uniform(r, g.U.Of(w), s.recur/float64(n))
		b := g.B.Of(w)
		for j := range n {
			row := rowSum(matrix(g.W.Of(w), n, d)[j], ones(d)) + rowSum(matrix(g.U.Of(w), n, n)[j], ones(n))
			switch names[i] {
			case 'f', 'z':
				top := s.rate * (s.slow[0] + (s.slow[1]-s.slow[0])*r.Float64())
				b[j] = math.Log(top/(1-top)) - row
			case 'i':
				top := min(0.5, 2*(1-s.rate))
				b[j] = math.Log(top/(1-top)) - row
			default:
				b[j] = 0.2 * (2*r.Float64() - 1)
			}
		}
	}
}

func ones(n int) []float64 {
	x := make([]float64, n)
	fill(x, 1)
	return x
}

// scaleLayer multiplies the recurrent matrices by tight times the largest factor in [0, 8] at which the layer contracts
// at just below the rate.
func scaleLayer(s spec, names string, gates []seq.GateTensors, w []float64, n, d int, vbar []float64) *layerMap {
	raw := make([][]float64, len(gates))
	for i, g := range gates {
		raw[i] = append([]float64(nil), g.U.Of(w)...)
	}
	at := func(factor float64) *layerMap {
		for i, g := range gates {
			for j, v := range raw[i] {
				g.U.Of(w)[j] = factor * v
			}
		}
		return newLayerMap(s.gru, s.norm, names, gates, w, n, d, vbar)
	}
	lo, hi := 0.0, 8.0
	for range 16 {
		mid := (lo + hi) / 2
		if at(mid).radius() < s.rate-0.02*(1-s.rate) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return at(s.tight * lo)
}

// fillFilter draws a stable filter whose outputs stay within 1, and returns range, gain and decay of its outputs.
func fillFilter(r *rand.Rand, s spec, t seq.FilterTensors, w []float64) (vbar, gain, decay, eta []float64) {
	n, m, p := s.filter.States, s.in, s.filter.Width
	for i := range n {
		a, th := s.rate*(0.5+0.49*r.Float64()), r.Float64()
		t.Lre.Of(w)[i], t.Lim.Of(w)[i] = a*math.Cos(th), a*math.Sin(th)
	}
	for _, x := range []seq.Tensor{t.Bre, t.Bim, t.Cre, t.Cim, t.D, t.Ere, t.Eim} {
		uniform(r, x.Of(w), 1)
	}
	modulus := func(i int) float64 { return math.Hypot(t.Lre.Of(w)[i], t.Lim.Of(w)[i]) }
	box, eta := t.Box.Of(w), make([]float64, n)
	for i := range n {
		b := 0.0
		for j := range m {
			b += math.Hypot(t.Bre.Of(w)[i*m+j], t.Bim.Of(w)[i*m+j])
		}
		box[i] = b / (1 - modulus(i))
		eta[i] = box[i]
	}
	for i := range p { // rows of C and D such that the crude range is 1
		sum, state, dec := 0.0, 0.0, 0.0
		for j := range n {
			sum += math.Hypot(t.Cre.Of(w)[i*n+j], t.Cim.Of(w)[i*n+j]) * box[j] * (1 + math.Sqrt2)
		}
		for j := range m {
			sum += math.Abs(t.D.Of(w)[i*m+j])
		}
		for j := range n {
			t.Cre.Of(w)[i*n+j] /= sum
			t.Cim.Of(w)[i*n+j] /= sum
			c := math.Hypot(t.Cre.Of(w)[i*n+j], t.Cim.Of(w)[i*n+j])
			dec += c * eta[j]
			state += c * box[j]
		}
		for j := range m {
			t.D.Of(w)[i*m+j] /= sum
			state += math.Abs(t.D.Of(w)[i*m+j])
		}
		vbar, gain, decay = append(vbar, 1), append(gain, state), append(decay, dec)
	}
	return vbar, gain, decay, eta
}
