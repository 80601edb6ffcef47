package cert

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// Bounds are good to this many bits relative to their value, or to absolute units of 2^-110 where the value is tiny.
const sharpBits = 60

// reference precision of the functions below.
const refPrec = 400

// refExp is e^x by the series at x/2^k, |x/2^k| < 2^-20, squared k times, all with refPrec bits.
func refExp(x *big.Float) *big.Float {
	k := 0
	if x.Sign() != 0 {
		k = max(0, x.MantExp(nil)+20)
	}
	y := new(big.Float).SetPrec(refPrec).Set(x)
	y.SetMantExp(y, -k)
	sum, term := big.NewFloat(1).SetPrec(refPrec), big.NewFloat(1).SetPrec(refPrec)
	for i := int64(1); i < 25; i++ {
		term.Mul(term, y)
		term.Quo(term, new(big.Float).SetPrec(refPrec).SetInt64(i))
		sum.Add(sum, term)
	}
	for range k {
		sum.Mul(sum, sum)
	}
	return sum
}

func refFloat(r *big.Rat) *big.Float { return new(big.Float).SetPrec(refPrec).SetRat(r) }

// refSigmoid is 1/(1 + e^-x).
func refSigmoid(x *big.Rat) *big.Float {
	e := refExp(new(big.Float).Neg(refFloat(x)))
	one := big.NewFloat(1).SetPrec(refPrec)
	return new(big.Float).SetPrec(refPrec).Quo(one, e.Add(e, one))
}

// refTanh is (e^2x - 1)/(e^2x + 1).
func refTanh(x *big.Rat) *big.Float {
	two := new(big.Float).SetPrec(refPrec).SetInt64(2)
	e, one := refExp(two.Mul(two, refFloat(x))), big.NewFloat(1).SetPrec(refPrec)
	num := new(big.Float).SetPrec(refPrec).Sub(e, one)
	return num.Quo(num, e.Add(e, one))
}

// points are arguments from 0 to beyond every exponent, of both signs, random and hard to round.
func points() []*big.Rat {
	g := rand.New(rand.NewPCG(11, 12))
	var out []*big.Rat
	add := func(x float64) {
		out = append(out, rat(x), rat(-x))
	}
	for _, x := range []float64{0, 5e-324, 1e-300, 1e-40, 0x1p-53, 0x1p-27, 1e-3, 0.5, 1, math.Ln2, 2, 20, 36.7, 88, 88.8, 127.9, 128, 255.5, 256, 257, 512.5, 700, 746, 1e4} {
		add(x)
		add(math.Nextafter(x, 1e9))
	}
	for range 2000 {
		add(g.NormFloat64() * math.Exp(4*g.NormFloat64()))
	}
	for range 300 { // long dyadic numbers, as sums of bounds are
		out = append(out, up(new(big.Rat).Quo(rat(g.ExpFloat64()), big.NewRat(int64(3+g.IntN(1000)), 1))))
	}
	return out
}

// TestSigmoidBounds holds every bound on its side of the function and close to it.
func TestSigmoidBounds(t *testing.T) {
	one := big.NewFloat(1).SetPrec(refPrec)
	for _, x := range points() {
		if abs := new(big.Rat).Abs(x); abs.Cmp(big.NewRat(20000, 1)) > 0 {
			continue // beyond the reference; TestSigmoidBeyond
		}
		s := refSigmoid(x)
		sharp(t, "sigmoid", x, sigmoid(x), s)
		if x.Sign() < 0 {
			continue
		}
		th := refTanh(x)
		sharp(t, "tanh", x, tanh(x), th)
		if tanh(x).Cmp(up(x)) > 0 {
			t.Errorf("tanh(%s) above its argument", x.FloatString(20))
		}
		d := new(big.Float).SetPrec(refPrec).Sub(one, s)
		sharp(t, "slope", x, slope(x), d.Mul(d, s))
	}
}

// sharp requires bound >= want, up to the reference's own error, and bound near it.
func sharp(t *testing.T, name string, x, bound *big.Rat, want *big.Float) {
	t.Helper()
	excess := new(big.Float).SetPrec(refPrec).Sub(refFloat(bound), want)
	slack := new(big.Float).SetPrec(refPrec).SetMantExp(big.NewFloat(1), -refPrec+60)
	if new(big.Float).Neg(excess).Cmp(slack) > 0 {
		t.Errorf("%s(%s): %s is below %s", name, x.FloatString(20), bound.FloatString(40), want.Text('g', 40))
	}
	room := new(big.Float).SetPrec(refPrec).SetMantExp(new(big.Float).Abs(want), -sharpBits)
	room.Add(room, new(big.Float).SetMantExp(big.NewFloat(1), -110))
	if excess.Cmp(room) > 0 {
		t.Errorf("%s(%s): %s is far above %s", name, x.FloatString(20), bound.FloatString(40), want.Text('g', 40))
	}
}

// TestSigmoidBeyond holds the bounds where e^-t is below every unit, up to the largest float64.
func TestSigmoidBeyond(t *testing.T) {
	for _, x := range []float64{257, 1e5, 1e100, math.MaxFloat64} {
		r := rat(x)
		if sigmoid(r).Cmp(one) != 0 || tanh(r).Cmp(one) != 0 {
			t.Errorf("at %g: sigma <= %s, tanh <= %s, want 1 for both", x, sigmoid(r), tanh(r))
		}
		tiny := scale2(big.NewInt(1), -gridBits)
		for name, b := range map[string]*big.Rat{"sigma(-x)": sigmoid(new(big.Rat).Neg(r)), "slope": slope(r)} {
			if b.Sign() <= 0 || b.Cmp(tiny) > 0 {
				t.Errorf("at %g: %s <= %s, want a positive number of at most one unit", x, name, b.RatString())
			}
		}
	}
}

// TestSigmoidIsExactAtZero: claims with weights zero hold with equality.
func TestSigmoidIsExactAtZero(t *testing.T) {
	zero := new(big.Rat)
	if sigmoid(zero).Cmp(big.NewRat(1, 2)) != 0 || tanh(zero).Sign() != 0 || slope(zero).Cmp(big.NewRat(1, 4)) != 0 {
		t.Errorf("sigma(0) <= %s, tanh 0 <= %s, sigma'(0) <= %s", sigmoid(zero), tanh(zero), slope(zero))
	}
}

// TestRecovery compares with logarithms, and with the definition at both sides of the answer.
func TestRecovery(t *testing.T) {
	g := rand.New(rand.NewPCG(13, 14))
	for range 300 {
		d, r := math.Exp(6*g.NormFloat64()), 1-math.Exp(-7*g.Float64())
		k := recovery(rat(d), rat(r))
		if 100*d <= 1 {
			if k != 0 {
				t.Errorf("recovery(%g, %g) = %d, want 0", d, r, k)
			}
			continue
		}
		want := int(math.Ceil(math.Log(100*d) / -math.Log(r)))
		if k < want-1 || k > want+1 {
			t.Errorf("recovery(%g, %g) = %d, want %d", d, r, k, want)
		}
		if k > 100 { // exact powers grow long
			continue
		}
		p := new(big.Rat).SetInt64(1)
		for range k {
			p.Mul(p, rat(r))
		}
		if mul(p, rat(d), big.NewRat(100, 1)).Cmp(one) > 0 {
			t.Errorf("recovery(%g, %g) = %d is too short", d, r, k)
		}
	}
	if k := recovery(one, big.NewRat(1, 2)); k != 7 { // 100/2^7 < 1 < 100/2^6
		t.Errorf("recovery(1, 1/2) = %d, want 7", k)
	}
	slow := new(big.Rat).Sub(one, scale2(big.NewInt(1), -70))
	if k := recovery(one, slow); k != math.MaxInt {
		t.Errorf("recovery at a rate of 1 - 2^-70 = %d, want no answer", k)
	}
}
