package cert_test

import (
	"fmt"
	"math"
	"math/big"
)

// judgement is the oracle's answer: whether every condition of the claim holds, and the smallest pivot relative to the
// scale of its condition (for the scalar conditions of a state-space model, the relative gap).
type judgement struct {
	true   bool
	margin float64
	name   string // condition with the smallest margin
	exact  bool   // rational arithmetic was needed
	grey   bool   // true, but by less than the checker's bounds of spectral norms resolve
}

func (j *judgement) scalar(name string, ok bool) {
	if !ok {
		j.fail(name, -1)
	}
}

func (j *judgement) fail(name string, margin float64) {
	if j.true || margin < j.margin {
		j.margin, j.name = margin, name
	}
	j.true = false
}

func (j *judgement) note(name string, ok bool, margin float64) {
	if !ok {
		j.fail(name, margin)
	} else if j.true && margin < j.margin {
		j.margin, j.name = margin, name
	}
}

// judge evaluates the claim of s with 512 bits, or exactly where that is in doubt. quick accepts float64, for brackets.
func judge(s *spec, quick bool) judgement {
	j := judgement{true: true, margin: 1}
	if len(s.parts) == 0 {
		j.scalar("at least one member", false)
	}
	switch s.claim {
	case "contraction", "iss", "bounded", "delta-iss":
	default:
		j.scalar("claim", false)
	}
	for i, p := range s.parts {
		j.part(s, p, fmt.Sprintf("member %d: ", i), quick)
		if !j.true && j.margin <= -1 {
			break
		}
	}
	return j
}

func (j *judgement) part(s *spec, p *part, where string, quick bool) {
	one := big.NewRat(1, 1)
	j.scalar(where+"rate in (0,1)", p.rate.Sign() > 0 && p.rate.Cmp(one) < 0)
	deep := p.kind == "lstm" || p.kind == "gru"
	j.scalar(where+"delta-iss is the claim of lstm and gru, and theirs alone", deep == (s.claim == "delta-iss"))
	switch {
	case !j.true && deep:
		return
	case deep:
		j.deepMember(s, p, where, quick)
		return
	case p.kind == "ssm":
		j.ssm(p, where)
		return
	case p.kind == "gated" && s.claim != "iss" && s.claim != "bounded":
		j.scalar(where+"a gated member has no contraction claim", false)
	case p.kind == "lure" && s.claim == "bounded" && p.layers > 0:
		j.scalar(where+"the bounded claim needs |w| <= 1", false)
	}
	j.scalar(where+"M symmetric", symmetric(p.m, p.n))
	for _, d := range [][]float64{p.l, p.t, p.ty, p.td} {
		j.scalar(where+"positive multiplier", positive(d))
	}
	for _, d := range p.layerT {
		j.scalar(where+"positive layer multiplier", positive(d))
	}
	if p.layers > 0 {
		j.scalar(where+"Lambda = lambda I", constant(p.l))
	}
	if p.gain != nil {
		j.scalar(where+"gain M symmetric", symmetric(p.gain.m, p.n))
		j.scalar(where+"positive gain multiplier", positive(p.gain.l))
		j.scalar(where+"positive gamma2", p.gain.gamma2.Sign() > 0)
		if p.layers > 0 {
			j.scalar(where+"gain Lambda = lambda I", constant(p.gain.l))
		}
	}
	if !j.true {
		return
	}
	if p.kind == "gated" && p.t == nil {
		j.scalar(where+"at most 12 gates over vertices", p.q <= 12)
		j.vertices(s, p, where, quick)
	}
	q := newHP()
	fast, bound := conditions(quickRing{}, s, p), conditions(absRing{}, s, p)
	if quick {
		for _, c := range fast {
			sign, margin, _ := ldl(quickRing{}, c)
			j.note(where+c.name, sign > 0, margin)
		}
		return
	}
	for i, c := range conditions(q, s, p) {
		sign, margin, logp := ldl(q, c)
		if !(logp > oracleSure) || !(spread(bound[i], fast[i]) < oracleSpread) {
			sign, margin, _ = ldl(newExact(), conditions(newExact(), s, p)[i])
			j.exact = true
		}
		j.note(where+c.name, sign > 0, margin)
	}
}

// spread is log2 of the largest sum of absolute terms over the scale of its row and column: the bits lost at most.
func spread(bound condition[float64], c condition[float64]) float64 {
	worst := 0.0
	n := c.s.r
	for i := range n {
		for j := range n {
			r := bound.s.at(i, j) / math.Sqrt(c.pos[i]) / math.Sqrt(c.pos[j])
			if !(r < math.Inf(1)) {
				return math.Inf(1)
			}
			worst = max(worst, math.Log2(r))
		}
	}
	return worst
}

// ssm is decided exactly: |lambda|^2 <= radius^2 for every stored eigenvalue and 0 < radius < rate < 1.
func (j *judgement) ssm(p *part, where string) {
	j.scalar(where+"radius > 0", p.radius.Sign() > 0)
	if !j.true {
		return
	}
	gap := new(big.Rat).Sub(p.rate, p.radius)
	f, _ := new(big.Rat).Quo(gap, p.rate).Float64()
	j.note(where+"radius < rate", gap.Sign() > 0, f)
	r2 := new(big.Rat).Mul(p.radius, p.radius)
	for b, blk := range p.blocks {
		for i := range blk.states {
			re := new(big.Rat).SetFloat64(p.x(fmt.Sprintf("b%d.lre", b))[i])
			im := new(big.Rat).SetFloat64(p.x(fmt.Sprintf("b%d.lim", b))[i])
			gap := new(big.Rat).Sub(r2, re.Mul(re, re))
			gap.Sub(gap, im.Mul(im, im))
			f, _ := new(big.Rat).Quo(gap, r2).Float64()
			j.note(fmt.Sprintf("%sblock %d eigenvalue %d", where, b, i), gap.Sign() >= 0, f)
		}
	}
}

// vertices decides g2 I - N'MN > 0, N = B2 + B1 diag(delta) D12, for every delta in {-1,1}^q. M > 0 is decided elsewhere.
func (j *judgement) vertices(s *spec, p *part, where string, quick bool) {
	q := newHP()
	delta := make([]float64, p.q)
	for v := range 1 << p.q {
		for i := range delta {
			delta[i] = 1 - 2*float64(v>>i&1)
		}
		c, bound := vertex(quickRing{}, s, p, delta), vertex(absRing{}, s, p, delta)
		sign, margin, logp := ldl(quickRing{}, c)
		// float64 decides when the pivots exceed its rounding errors by 2^15 and nothing cancelled
		if !quick && !(logp > -15 && spread(bound, c) < 15) {
			sign, margin, logp = ldl(q, vertex(q, s, p, delta))
			if !(logp > oracleSure) || !(spread(bound, c) < oracleSpread) {
				sign, margin, _ = ldl(newExact(), vertex(newExact(), s, p, delta))
				j.exact = true
			}
		}
		j.note(fmt.Sprintf("%sgain at vertex %d", where, v), sign > 0, margin)
		if !j.true {
			return
		}
	}
}

func symmetric(m []float64, n int) bool {
	for i := range n {
		for k := range i {
			if m[i*n+k] != m[k*n+i] {
				return false
			}
		}
	}
	return true
}

func positive(d []float64) bool {
	for _, x := range d {
		if !(x > 0) {
			return false
		}
	}
	return true
}

func constant(d []float64) bool {
	for _, x := range d {
		if x != d[0] {
			return false
		}
	}
	return true
}
