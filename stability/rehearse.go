package stability

import (
	"errors"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/interval"
)

// Rehearse foretells what the checker of certificates (package cert) does with the region {V < level} of V = (x - at)'P(x - at) at
// the equilibrium at: into how many boxes it divides |x_i - at_i| <= half_i, and whether it gets through. It ends undecided after
// most boxes.
//
// Claim: none. The checker has less to work with than Region, by design: it halves the directions in turn, knows no slopes, and
// its arithmetic is a hundred times slower. So a level that Region verifies may be out of its reach, and a producer that asks
// first asks for the largest level that will be proved.
//
// Method: the steps of docs/system-bundle.md in float64. V >= level by the tangent plane at the middle; W < 0 by interval
// arithmetic, by the mean value form of W and by that of f, and by the Jacobian over the hull of the equilibrium and the box.
func Rehearse(f Field, at []float64, p *mat.SymDense, level float64, half []float64, most int) (boxes int, ok bool, err error) {
	if err := checkPoint(f, at); err != nil {
		return 0, false, err
	}
	if n := f.Dim(); p == nil || p.SymmetricDim() != n || len(half) != n {
		return 0, false, errors.New("stability: Rehearse needs P and half the sides of the box, of the size of the system")
	}
	r := &rehearsal{q: newQuadratic(newEnclosing(f), p, point(at)), level: level, most: most}
	root := make([]interval.I, len(half))
	for i, h := range half {
		root[i] = interval.Of(-h, h)
	}
	ok = r.settle(root, 0)
	return r.boxes, ok, nil
}

type rehearsal struct {
	q           *quadratic
	level       float64
	boxes, most int
}

// rehearsedHalvings is how often the checker halves each direction.
const rehearsedHalvings = 40

func (r *rehearsal) settle(d []interval.I, depth int) bool {
	n := r.q.n
	r.boxes++
	m := mids(d)
	mulMat(r.q.ipd, r.q.ip, point(m), n, n, 1)
	var low interval.I
	for i := range d {
		low = low.Add(r.q.ipd[i].Mul(interval.Point(m[i]))).Add(r.q.ipd[i].Scale(2).Mul(d[i].Sub(interval.Point(m[i]))))
	}
	if low.Lo >= r.level || r.falls(d, m) {
		return true
	}
	if depth >= rehearsedHalvings*n || r.boxes >= r.most {
		return false
	}
	i := depth % n
	left, right := append([]interval.I(nil), d...), append([]interval.I(nil), d...)
	left[i], right[i] = d[i].Split()
	return r.settle(left, depth+1) && r.settle(right, depth+1)
}

func (r *rehearsal) falls(d []interval.I, m []float64) bool {
	q := r.q
	straddles := true
	for _, v := range d {
		straddles = straddles && v.Contains(0)
	}
	if !straddles {
		if over, _ := q.centred(d, m); over.Hi < 0 || q.meanValue(d, m).Hi < 0 {
			return true
		}
	}
	return q.slope(d)
}

// meanValue encloses W over the box with the mean value form of f; q.jac holds the Jacobian over it.
func (q *quadratic) meanValue(d []interval.I, m []float64) interval.I {
	n := q.n
	q.shift(point(m))
	q.e.Enclose(q.f, q.x)
	left, right := make([]interval.I, n), make([]interval.I, n)
	for i := range n {
		at := q.f[i]
		if q.time == Discrete {
			at = at.Sub(q.at[i])
		}
		left[i], right[i] = d[i].Scale(2), at
		if q.time == Discrete { // of f - x and f + x
			left[i], right[i] = at.Sub(interval.Point(m[i])), at.Add(interval.Point(m[i]))
		}
		for j := range n {
			step, own := d[j].Sub(interval.Point(m[j])), interval.I{}
			if i == j {
				own = interval.Point(1)
			}
			if q.time == Discrete {
				left[i] = left[i].Add(q.jac[i*n+j].Sub(own).Mul(step))
				right[i] = right[i].Add(q.jac[i*n+j].Add(own).Mul(step))
			} else {
				right[i] = right[i].Add(q.jac[i*n+j].Mul(step))
			}
		}
	}
	mulMat(q.pf, q.ip, right, n, n, 1)
	var s interval.I
	for i := range n {
		s = s.Add(left[i].Mul(q.pf[i]))
	}
	return s
}
