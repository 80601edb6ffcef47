package interval

import (
	"fmt"
	"math"
)

// I is the set of real numbers x with Lo <= x <= Hi. The zero value is the number 0.
type I struct{ Lo, Hi float64 }

// Point is the interval that holds v alone; Undefined where v is NaN or infinite.
func Point(v float64) I {
	if math.IsInf(v, 0) {
		return Undefined()
	}
	return I{v, v}
}

// Of is the interval from lo to hi, in either order.
func Of(lo, hi float64) I { return I{min(lo, hi), max(lo, hi)} }

// Whole is the real line.
func Whole() I { return I{math.Inf(-1), math.Inf(1)} }

// Undefined stands for a value that does not exist for some numbers of the operands.
func Undefined() I { return I{math.NaN(), math.NaN()} }

// Pi encloses the number pi.
func Pi() I { return I{math.Pi, next(math.Pi)} } // math.Pi is below pi by 1.2e-16

// IsUndefined reports whether the interval came from an operation outside its domain.
func (x I) IsUndefined() bool { return x.Lo != x.Lo || x.Hi != x.Hi }

// IsPoint reports whether the interval holds one number.
func (x I) IsPoint() bool { return x.Lo == x.Hi }

// Mid is a float64 in the interval near its middle; 0 for the whole line, and the finite end or a large number beside it
// where one bound is infinite.
func (x I) Mid() float64 {
	switch lo, hi := math.IsInf(x.Lo, -1), math.IsInf(x.Hi, 1); {
	case lo && hi:
		return 0
	case lo:
		return max(-math.MaxFloat64, min(x.Hi, -math.MaxFloat64/2))
	case hi:
		return min(math.MaxFloat64, max(x.Lo, math.MaxFloat64/2))
	}
	m := x.Lo/2 + x.Hi/2 // no overflow
	return min(max(m, x.Lo), x.Hi)
}

// Width is an upper bound of Hi - Lo.
func (x I) Width() float64 { return addUp(x.Hi, -x.Lo) }

// Radius is an upper bound of the distance of the interval's numbers from Mid.
func (x I) Radius() float64 {
	m := x.Mid()
	return max(addUp(x.Hi, -m), addUp(m, -x.Lo))
}

// Mag is the largest absolute value in the interval.
func (x I) Mag() float64 { return max(math.Abs(x.Lo), math.Abs(x.Hi)) }

// Mig is the smallest absolute value in the interval.
func (x I) Mig() float64 {
	if x.Lo <= 0 && x.Hi >= 0 {
		return 0
	}
	return min(math.Abs(x.Lo), math.Abs(x.Hi))
}

// Contains reports whether v is in the interval.
func (x I) Contains(v float64) bool { return x.Lo <= v && v <= x.Hi }

// In reports whether the interval is a subset of y.
func (x I) In(y I) bool { return y.Lo <= x.Lo && x.Hi <= y.Hi }

// Inside reports whether the interval lies in the interior of y.
func (x I) Inside(y I) bool { return y.Lo < x.Lo && x.Hi < y.Hi }

// Meet is the intersection of two intervals; ok is false when they have no number in common or one is Undefined.
func (x I) Meet(y I) (z I, ok bool) {
	z = I{max(x.Lo, y.Lo), min(x.Hi, y.Hi)}
	return z, z.Lo <= z.Hi
}

// Hull is the smallest interval that contains both.
func (x I) Hull(y I) I { return I{min(x.Lo, y.Lo), max(x.Hi, y.Hi)} }

// Split halves the interval at its middle.
func (x I) Split() (left, right I) {
	m := x.Mid()
	return I{x.Lo, m}, I{m, x.Hi}
}

// String prints [lo, hi] with the shortest decimals that give the bounds back, and a point as its number.
func (x I) String() string {
	switch {
	case x.IsUndefined():
		return "undefined"
	case x.IsPoint():
		return fmt.Sprint(x.Lo)
	}
	return fmt.Sprintf("[%v, %v]", x.Lo, x.Hi)
}
