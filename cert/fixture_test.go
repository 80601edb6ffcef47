package cert_test

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
)

// dense is a row-major matrix for building fixtures.
type dense struct {
	r, c int
	v    []float64
}

func newDense(r, c int) dense { return dense{r, c, make([]float64, r*c)} }

func normal(g *rand.Rand, r, c int, sd float64) dense {
	m := newDense(r, c)
	for i := range m.v {
		m.v[i] = sd * g.NormFloat64()
	}
	return m
}

func (a dense) t() dense {
	o := newDense(a.c, a.r)
	for i := range a.r {
		for j := range a.c {
			o.v[j*a.r+i] = a.v[i*a.c+j]
		}
	}
	return o
}

func (a dense) mul(b dense) dense {
	o := newDense(a.r, b.c)
	for i := range a.r {
		for k := range a.c {
			for j := range b.c {
				o.v[i*b.c+j] += a.v[i*a.c+k] * b.v[k*b.c+j]
			}
		}
	}
	return o
}

// lin is s a + t b.
func lin(s float64, a dense, t float64, b dense) dense {
	o := newDense(a.r, a.c)
	for i := range o.v {
		o.v[i] = s*a.v[i] + t*b.v[i]
	}
	return o
}

func (a dense) block(i, j, r, c int) dense {
	o := newDense(r, c)
	for k := range r {
		copy(o.v[k*c:(k+1)*c], a.v[(i+k)*a.c+j:])
	}
	return o
}

// solve is inv(a) b by Gauss-Jordan elimination with pivoting.
func (a dense) solve(b dense) dense {
	w := newDense(a.r, a.c+b.c)
	for i := range a.r {
		copy(w.v[i*w.c:], a.v[i*a.c:(i+1)*a.c])
		copy(w.v[i*w.c+a.c:], b.v[i*b.c:(i+1)*b.c])
	}
	for k := range a.r {
		p := k
		for i := k; i < a.r; i++ {
			if math.Abs(w.v[i*w.c+k]) > math.Abs(w.v[p*w.c+k]) {
				p = i
			}
		}
		for j := range w.c {
			w.v[k*w.c+j], w.v[p*w.c+j] = w.v[p*w.c+j], w.v[k*w.c+j]
		}
		d := w.v[k*w.c+k]
		for j := range w.c {
			w.v[k*w.c+j] /= d
		}
		for i := range a.r {
			if f := w.v[i*w.c+k]; i != k && f != 0 {
				for j := range w.c {
					w.v[i*w.c+j] -= f * w.v[k*w.c+j]
				}
			}
		}
	}
	return w.block(0, a.c, a.r, b.c)
}

func (a dense) symmetric() []float64 { return lin(0.5, a, 0.5, a.t()).v }

// rowSums is the row sums of |a' m a|, enlarged: diag(rowSums) - a' m a > 0.
func rowSums(a, m dense) []float64 {
	k := a.t().mul(m).mul(a)
	out := make([]float64, k.r)
	for i, x := range k.v {
		out[i/k.c] += 1.1 * math.Abs(x)
	}
	for i := range out {
		out[i] += 0.01
	}
	return out
}

// contracting is the direct map of Barbara, Wang, Manchester 2025 at rate r with psi = 1: a, b1, c1 and the metric m satisfy
// [[r^2 M - C1'C1, 0], [0, I]] >= [A B1]'M[A B1].
func contracting(g *rand.Rand, n, q int, r float64) (a, b1, c1, m dense) {
	x := normal(g, 2*n, 2*n, 0.4/math.Sqrt(float64(2*n)))
	for i := range 2 * n {
		x.v[i*2*n+i] += 0.8
	}
	G := x.t().mul(x)
	sd := 0.4 / math.Sqrt(float64(q+1))
	c1, b := normal(g, q, n, sd), normal(g, n, q, sd)
	p := lin(1, G.block(n, n, n, n), 1, b.mul(b.t()))
	y := normal(g, n, n, 0.3)
	e := lin(0.5, lin(1, G.block(0, 0, n, n), 1, c1.t().mul(c1)), 0.5/(r*r), p)
	e = lin(1, e, 0.5, lin(1, y, -1, y.t()))
	a, b1 = e.solve(G.block(n, 0, n, n)), e.solve(b)
	m = e.t().mul(p.solve(e))
	m.v = m.symmetric()
	return
}

// builder collects a bundle of members with 2 inputs and 2 outputs unless told otherwise.
type builder struct {
	g      *rand.Rand
	m      *bundle.Model
	nu, ny int
}

const fixtureLags = 3

func newBuilder(claim string, seed uint64, nu, ny int) *builder {
	b := &builder{g: rand.New(rand.NewPCG(seed, 1)), nu: nu, ny: ny, m: &bundle.Model{Card: "# A model\n"}}
	if claim != "none" {
		b.m.Certificate = &bundle.Certificate{Claim: claim, Provenance: bundle.Provenance{Seed: seed, Version: "0.1.0"}}
	}
	f := &b.m.Manifest
	f.SamplingTime, f.Window, f.Provenance = 4, 50, bundle.Provenance{Seed: seed, Version: "0.1.0"}
	high := 10.0
	for i := range nu {
		f.Inputs = append(f.Inputs, bundle.Signal{Name: fmt.Sprint("u", i), Unit: "V"})
		f.InputDelay = append(f.InputDelay, i)
		f.InputRange = append(f.InputRange, bundle.Range{Low: -1, High: 3})
	}
	for i := range ny {
		f.Outputs = append(f.Outputs, bundle.Signal{Name: fmt.Sprint("y", i), Unit: "m"})
		f.Integrate = append(f.Integrate, false)
		f.Saturation = append(f.Saturation, bundle.Limits{High: &high})
	}
	b.tensor("scale.u_mid", nu, 1, constants(nu, 1))
	b.tensor("scale.u_half", nu, 1, constants(nu, 2))
	b.tensor("scale.y_mean", ny, 1, constants(ny, 5))
	b.tensor("scale.y_std", ny, 1, constants(ny, 0.5))
	for i := range b.m.Tensors {
		b.m.Tensors[i].Shape = b.m.Tensors[i].Shape[:1]
	}
	return b
}

func constants(n int, x float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = x
	}
	return out
}

func (b *builder) tensor(name string, r, c int, v []float64) {
	b.m.Tensors = append(b.m.Tensors, bundle.Tensor{Name: name, Shape: []int{r, c}, Data: v})
}

// member adds a member, its encoder and its tensors; a matrix with 0 columns stands for a vector.
func (b *builder) member(k bundle.Member, w bundle.Witness, states int, tensors map[string]dense) {
	j := len(b.m.Manifest.Members)
	b.m.Manifest.Members = append(b.m.Manifest.Members, k)
	if b.m.Certificate != nil {
		b.m.Certificate.Members = append(b.m.Certificate.Members, w)
	}
	tensors["enc_W"] = normal(b.g, states, fixtureLags*(b.nu+b.ny), 0.02)
	tensors["enc_b"] = b.vector(states)
	for name, t := range tensors {
		s := []int{t.r, t.c}
		if t.c == 0 {
			s = s[:1]
		}
		b.m.Tensors = append(b.m.Tensors, bundle.Tensor{Name: fmt.Sprintf("m%d.%s", j, name), Shape: s, Data: t.v})
	}
}

func (b *builder) vector(n int) dense { return dense{n, 0, normal(b.g, n, 1, 0.5).v} }

func ratioOf(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

// claimedRate leaves the slack to fixtureRate that makes the inequalities strict.
func claimedRate() *big.Rat { return big.NewRat(96, 100) }

const (
	fixtureRate  = 0.95 // of the direct map
	generousGain = 1e6  // bound that any fixture meets
)

func (b *builder) lure(n, q, layers int, gain bool) *builder {
	a, b1, c1, m := contracting(b.g, n, q, fixtureRate)
	t := map[string]dense{"A": a, "B1": b1, "C1": c1, "B2": normal(b.g, n, b.nu, 0.5), "D12": normal(b.g, q, b.nu, 0.5), "bx": b.vector(n),
		"bv": b.vector(q), "Cx": normal(b.g, b.ny, n, 0.5), "Cw": normal(b.g, b.ny, q, 0.5), "D22": normal(b.g, b.ny, b.nu, 0.5), "by": b.vector(b.ny)}
	w := bundle.Witness{Rate: claimedRate(), M: m.v, Lambda: constants(q, 1)}
	for i := range layers {
		h := q + 1 // Win, Wout of Frobenius norm below one and T = I make 2T - Wout'Wout - Win Win' > 0
		t[fmt.Sprintf("g%d.Win", i)] = normal(b.g, h, q, 0.6/float64(h))
		t[fmt.Sprintf("g%d.Wout", i)] = normal(b.g, q, h, 0.6/float64(h))
		t[fmt.Sprintf("g%d.b", i)] = b.vector(h)
		w.Layers = append(w.Layers, constants(h, 1))
	}
	if gain {
		scale := 1e4 // a large storage function absorbs the output
		w.Gain = &bundle.Gain{Gamma2: ratioOf(generousGain * scale), M: lin(scale, m, 0, m).v, Lambda: constants(q, scale)}
	}
	b.member(bundle.Member{Kind: "lure", States: n, Hidden: q, Layers: layers}, w, n, t)
	return b
}

func (b *builder) linear(n int, gain bool) *builder {
	a, _, _, m := contracting(b.g, n, 0, fixtureRate)
	t := map[string]dense{"A": a, "B2": normal(b.g, n, b.nu, 0.5), "bx": b.vector(n), "Cx": normal(b.g, b.ny, n, 0.5),
		"D22": normal(b.g, b.ny, b.nu, 0.5), "by": b.vector(b.ny)}
	w := bundle.Witness{Rate: claimedRate(), M: m.v}
	if gain {
		w.Gain = &bundle.Gain{Gamma2: ratioOf(1e9), M: lin(1e4, m, 0, m).v}
	}
	b.member(bundle.Member{Kind: "linear", States: n}, w, n, t)
	return b
}

func (b *builder) gated(n, q int, vertices bool) *builder {
	const gate = 3
	a, b1, c1, m := contracting(b.g, n, q, fixtureRate)
	cw := normal(b.g, b.ny, q, 0.5)
	t := map[string]dense{"A": a, "B1": b1, "C1": c1, "B2": normal(b.g, n, b.nu, 0.5), "D12": normal(b.g, q, b.nu, 0.5),
		"Cx": normal(b.g, b.ny, n, 0.5), "Cw": cw, "D22": normal(b.g, b.ny, b.nu, 0.5), "by": b.vector(b.ny),
		"u0": {b.nu, 0, constants(b.nu, 0.25)}, "G1": normal(b.g, gate, n, 0.5), "Gu": normal(b.g, gate, b.nu, 0.5), "g1": b.vector(gate),
		"G2": normal(b.g, q, gate, 0.5), "g2": b.vector(q)}
	eye := newDense(b.ny, b.ny)
	for i := range b.ny {
		eye.v[i*b.ny+i] = 1
	}
	w := bundle.Witness{Rate: claimedRate(), M: m.v, Lambda: constants(q, 1), G2: ratioOf(generousGain), D2: ratioOf(generousGain),
		Kappa2: []*big.Rat{ratioOf(generousGain)}, Ty: rowSums(cw, eye), Td: rowSums(cw, eye)}
	if !vertices {
		w.T = rowSums(b1, m)
	}
	b.member(bundle.Member{Kind: "gated", States: n, Hidden: q, Gate: gate}, w, n, t)
	return b
}

func (b *builder) bounded(n, q int) *builder {
	a, _, _, m := contracting(b.g, n, 0, fixtureRate)
	side := normal(b.g, n, q+b.nu+1, 0.5)
	bx := side.block(0, q+b.nu, n, 1)
	bx.c = 0
	t := map[string]dense{"A": a, "B1": side.block(0, 0, n, q), "B2": side.block(0, q, n, b.nu), "bx": bx, "C1": normal(b.g, q, n, 3),
		"D12": normal(b.g, q, b.nu, 0.5), "bv": b.vector(q), "Cx": normal(b.g, b.ny, n, 0.5), "Cw": normal(b.g, b.ny, q, 0.5),
		"D22": normal(b.g, b.ny, b.nu, 0.5), "by": b.vector(b.ny)}
	w := bundle.Witness{Rate: claimedRate(), M: m.v, T: rowSums(side, m)}
	for range b.ny {
		w.Kappa2 = append(w.Kappa2, ratioOf(generousGain))
	}
	b.member(bundle.Member{Kind: "lure", States: n, Hidden: q}, w, n, t)
	return b
}

// ssm adds a cascade of blocks; hidden[b] is the width of block b's static layer.
func (b *builder) ssm(states int, gain bool, hidden ...int) *builder {
	const width = 3
	k := bundle.Member{Kind: "ssm", Width: width}
	t := map[string]dense{}
	for i, h := range hidden {
		k.Blocks = append(k.Blocks, bundle.Block{States: states, Hidden: h})
		in, out := width, width
		if i == 0 {
			in = b.nu
		}
		if i == len(hidden)-1 {
			out = b.ny
		}
		re, im := b.vector(states), b.vector(states)
		for s := range states {
			r, angle := 0.9*math.Sqrt(b.g.Float64()), 3*b.g.Float64()
			re.v[s], im.v[s] = r*math.Cos(angle), r*math.Sin(angle)
		}
		p := fmt.Sprintf("b%d.", i)
		t[p+"lre"], t[p+"lim"] = re, im
		t[p+"Bre"], t[p+"Bim"] = normal(b.g, states, in, 0.3), normal(b.g, states, in, 0.3)
		t[p+"Cre"], t[p+"Cim"] = normal(b.g, out, states, 0.3), normal(b.g, out, states, 0.3)
		t[p+"D"], t[p+"c"] = normal(b.g, out, in, 0.3), b.vector(out)
		if h > 0 {
			t[p+"W1"], t[p+"b1"], t[p+"W2"], t[p+"b2"] = normal(b.g, h, out, 0.3), b.vector(h), normal(b.g, out, h, 0.3), b.vector(out)
		}
	}
	w := bundle.Witness{Rate: big.NewRat(95, 100), Radius: big.NewRat(9, 10)}
	if gain {
		w.Gain = &bundle.Gain{}
	}
	b.member(k, w, 2*states*len(hidden), t)
	return b
}

// data returns a tensor's numbers, for tampering.
func (b *builder) data(name string) []float64 {
	for _, t := range b.m.Tensors {
		if t.Name == name {
			return t.Data
		}
	}
	panic("no tensor " + name)
}

func (b *builder) witness(j int) *bundle.Witness { return &b.m.Certificate.Members[j] }

func (b *builder) bytes(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := bundle.Write(&out, b.m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func open(t testing.TB, data []byte) *cert.Bundle {
	t.Helper()
	b, err := cert.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *builder) check(t testing.TB) cert.Verdict {
	t.Helper()
	return cert.Check(open(t, b.bytes(t)))
}
