package lstm

import (
	"math"

	"github.com/plumb-go/plumb/nn/seq"
)

// filter parametrises the linear system in front of the first layer,
//
//	lambda = exp(-(exp(nu) + a) + i theta), a = -log rate,   B = sqrt(1-|lambda|^2) B',
//	box_i = sum_j |B_ij| / (1-|lambda_i|),   row j of [C D] = row j of [C' D'] / max(1, sqrt 2 sum_i |C'_ji| box_i + sum_k |D'_jk|),
//
// so that |s_i| <= sqrt 2 box_i and |v_j| <= 1 for all inputs |u| <= 1 and all initial states in the box, which is
// what the first layer assumes of its inputs. Its parameters are nu, theta, Re B', Im B', Re C', Im C', D'.
type filter struct {
	t     seq.FilterTensors
	decay float64 // least -log|lambda|

	slope, rad, gamma, rest []float64 // exp(nu), |lambda|, sqrt(1-|lambda|^2), 1-|lambda|
	box, dbox               []float64
	crude                   []float64 // bound of |v| before the rows are scaled
}

const (
	shrink  = 1.0 / (1 << 47) // of -log|lambda|: exceeds the rounding of lambda, as in package ssm
	flat    = 700             // largest exp(nu) at which |lambda| has a slope
	limitV  = 1 - 1e-9        // of |v|: leaves room for rounding and the margin of the box
	sqrtTwo = math.Sqrt2
)

func newFilter(t seq.FilterTensors, rate float64) *filter {
	s := vectors(6, t.Lre.Rows)
	return &filter{t: t, decay: -math.Log(rate) + shrink, slope: s[0], rad: s[1], gamma: s[2], rest: s[3], box: s[4], dbox: s[5],
		crude: make([]float64, t.D.Rows)}
}

func (f *filter) dim() int { return 2*(f.t.Lre.Len()+f.t.Bre.Len()+f.t.Cre.Len()) + f.t.D.Len() }

// split cuts the parameters, or their gradient.
func (f *filter) split(x []float64) (nu, angle, bre, bim, cre, cim, d []float64) {
	take := func(n int) []float64 {
		y := x[:n]
		x = x[n:]
		return y
	}
	s, b, c := f.t.Lre.Len(), f.t.Bre.Len(), f.t.Cre.Len()
	return take(s), take(s), take(b), take(b), take(c), take(c), take(f.t.D.Len())
}

func (f *filter) deploy(theta, w []float64) {
	nu, angle, bre, bim, cre, cim, d := f.split(theta)
	t := f.t
	m := t.Bre.Cols
	for i := range nu {
		f.slope[i] = math.Exp(nu[i])
		decay := f.slope[i] + f.decay
		if f.slope[i] > flat {
			f.slope[i] = 0
		}
		f.rad[i], f.rest[i], f.gamma[i] = math.Exp(-decay), -math.Expm1(-decay), math.Sqrt(-math.Expm1(-2*decay))
		sin, cos := math.Sincos(angle[i])
		t.Lre.Of(w)[i], t.Lim.Of(w)[i] = f.rad[i]*cos, f.rad[i]*sin
		var sum float64
		for j := i * m; j < (i+1)*m; j++ {
			t.Bre.Of(w)[j], t.Bim.Of(w)[j] = f.gamma[i]*bre[j], f.gamma[i]*bim[j]
			sum += math.Hypot(bre[j], bim[j])
		}
		f.box[i] = grown*f.gamma[i]/f.rest[i]*sum + boxFloor
	}
	copy(t.Box.Of(w), f.box)
	s := len(nu)
	for j := range f.crude {
		var sum float64
		for i, b := range f.box {
			sum += sqrtTwo * math.Hypot(cre[j*s+i], cim[j*s+i]) * b
		}
		for _, v := range d[j*m : (j+1)*m] {
			sum += math.Abs(v)
		}
		f.crude[j] = sum
		k := min(1, limitV/sum)
		for i := j * s; i < (j+1)*s; i++ {
			t.Cre.Of(w)[i], t.Cim.Of(w)[i] = k*cre[i], k*cim[i]
		}
		for i := j * m; i < (j+1)*m; i++ {
			t.D.Of(w)[i] = k * d[i]
		}
	}
}

// pullback uses d|lambda|/dnu = -|lambda| e^nu and with gamma/rest = sqrt((1+|lambda|)/(1-|lambda|)),
// d(gamma/rest)/d|lambda| = 1/(gamma rest).
func (f *filter) pullback(theta, dw, dtheta []float64) {
	_, angle, bre, bim, cre, cim, d := f.split(theta)
	dnu, dangle, dbre, dbim, dcre, dcim, dd := f.split(dtheta)
	t := f.t
	m := t.Bre.Cols
	copy(f.dbox, t.Box.Of(dw))
	for j, sum := range f.crude {
		f.pullRow(j, min(1, limitV/sum), cre, cim, d, dcre, dcim, dd, dw)
	}
	for i := range dnu {
		var dgamma, sum float64
		ratio := f.gamma[i] / f.rest[i]
		for j := i * m; j < (i+1)*m; j++ {
			gr, gi := t.Bre.Of(dw)[j], t.Bim.Of(dw)[j]
			dgamma += gr*bre[j] + gi*bim[j]
			dbre[j] += f.gamma[i] * gr
			dbim[j] += f.gamma[i] * gi
			if a := math.Hypot(bre[j], bim[j]); a > 0 {
				sum += a
				dbre[j] += f.dbox[i] * grown * ratio * bre[j] / a
				dbim[j] += f.dbox[i] * grown * ratio * bim[j] / a
			}
		}
		sin, cos := math.Sincos(angle[i])
		gr, gi := t.Lre.Of(dw)[i], t.Lim.Of(dw)[i]
		r := f.rad[i]
		drad := gr*cos + gi*sin - r/f.gamma[i]*dgamma + f.dbox[i]*grown*sum/(f.gamma[i]*f.rest[i])
		dnu[i] -= r * f.slope[i] * drad
		dangle[i] += r * (gi*cos - gr*sin)
	}
}

// pullRow pulls back row j of C and D, which is k times the raw row.
func (f *filter) pullRow(j int, k float64, cre, cim, d, dcre, dcim, dd, dw []float64) {
	t := f.t
	m, s := t.D.Cols, t.Cre.Cols
	var dk float64
	for i := j * s; i < (j+1)*s; i++ {
		gr, gi := t.Cre.Of(dw)[i], t.Cim.Of(dw)[i]
		dk += gr*cre[i] + gi*cim[i]
		dcre[i] += k * gr
		dcim[i] += k * gi
	}
	for i := j * m; i < (j+1)*m; i++ {
		g := t.D.Of(dw)[i]
		dk += g * d[i]
		dd[i] += k * g
	}
	if k == 1 {
		return
	}
	dsum := -dk * k / f.crude[j]
	for i, b := range f.box {
		c := j*s + i
		a := math.Hypot(cre[c], cim[c])
		f.dbox[i] += dsum * sqrtTwo * a
		if a > 0 {
			dcre[c] += dsum * sqrtTwo * b * cre[c] / a
			dcim[c] += dsum * sqrtTwo * b * cim[c] / a
		}
	}
	for i := j * m; i < (j+1)*m; i++ {
		dd[i] += dsum * sign(d[i])
	}
}
