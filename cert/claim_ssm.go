package cert

import (
	"fmt"
	"math/big"
	"slices"
)

// blockNorms are upper bounds for one block of an ssm member, see docs/bundle.md for the block's equations.
//
// input is |B|, from real signals to complex states; output |s -> Re(C s)|; direct |D|; static the Lipschitz constant of
// z -> z + W2 tanh(W1 z + b1) + b2; through the l2 gain of the linear part.
type blockNorms struct{ input, output, direct, static, through *big.Rat }

// cascade proves that an ssm member contracts, computes c in |dx(k)| <= c r'^k |dx(0)|, and its product gain.
//
// Claim: with |lambda| <= r < r' < 1 for every stored eigenvalue, checked as lre^2 + lim^2 <= r^2, two trajectories under the
// same input satisfy |dx(k)|_2 <= c r'^k |dx(0)|_2, x being all real and imaginary parts.
//
// Proof. Let a_b(k) = |ds_b(k)| and e_b(k) the norm of the difference of block b's output, e_{-1} = 0. With norms of the
// blocks' maps, static layers being Lipschitz,
//
//	a_b(k+1) <= r a_b(k) + |B_b| e_{b-1}(k),   e_b(k) <= static_b (|C_b| a_b(k) + |D_b| e_{b-1}(k)).
//
// If e_{b-1}(k) <= E r'^k for all k, then a_b(k) <= r^k a_b(0) + |B_b| E sum_{j<k} r^(k-1-j) r'^j, and the sum equals
// (r'^k - r^k)/(r' - r) <= r'^k/(r' - r); so a_b(k) <= (a_b(0) + |B_b| E/(r' - r)) r'^k. By induction over b,
// a_b(k) <= r'^k sum_i T_bi a_i(0) with a matrix T >= 0, and c = |T|_2 <= sqrt(largest row sum * largest column sum). QED
//
// Gain: diag(1/(1-|lambda_i|)) = W bounds the resolvent: the operator f -> sum_j lambda^(k-1-j) f(j) on l2 has norm at most
// sum |lambda|^j = 1/(1-|lambda|) (Young), so the linear part has gain at most |D| + |Re(C .) W^(1/2)| |W^(1/2) B|; times the Lipschitz
// constant of the static layer; the cascade has at most the product.
func (p *part) cascade() {
	r, fast := p.w.Rate, p.w.Radius
	p.require(fast.Sign() > 0 && fast.Cmp(r) < 0, "0 < radius < rate", fmt.Sprintf("the radius is %s, the rate %s", fast.RatString(), r.RatString()))
	blocks := make([]blockNorms, len(p.Blocks))
	gain := big.NewRat(1, 1)
	for b := range blocks {
		var weights []*big.Rat
		for _, modulus := range p.eigenvalues(fmt.Sprintf("b%d.", b), "radius", fast) {
			weights = append(weights, up(new(big.Rat).Inv(new(big.Rat).Sub(one, modulus))))
		}
		blocks[b] = p.norms(b, append(weights, weights...)) // real and imaginary parts
		gain = up(mul(gain, blocks[b].static, blocks[b].through))
	}
	p.out.Overshoot = transient(blocks, new(big.Rat).Sub(r, fast))
	if p.w.Gain != nil {
		p.out.Gain = gain
	}
}

// eigenvalues requires |lambda| <= bound < 1 for the stored eigenvalues and returns bounds of |lambda| that are at most that.
func (p *part) eigenvalues(at, name string, bound *big.Rat) []*big.Rat {
	re, im := p.weight(at+"lre"), p.weight(at+"lim")
	out := make([]*big.Rat, re.r)
	for i := range out {
		modulus2 := add(square(scale2(re.v[i], re.exp)), square(scale2(im.v[i], im.exp)))
		excess := new(big.Rat).Sub(modulus2, square(bound))
		p.require(excess.Sign() <= 0, fmt.Sprintf("%slre^2 + lim^2 <= %s^2 for eigenvalue %d", at, name, i), "it exceeds by "+decimal(excess))
		out[i] = slices.MinFunc([]*big.Rat{sqrtUp(modulus2), bound}, (*big.Rat).Cmp)
	}
	return out
}

// norms bounds the maps of block b in the real coordinates (Re s, Im s): B becomes [Bre; Bim], s -> Re(C s) becomes
// [Cre -Cim], and multiplication by lambda keeps its modulus as norm. The sign of Cim does not change a norm.
//
// Static layer: tanh has slopes in [0, 1], so its difference is Delta W1 dz, Delta diagonal with entries in [0, 1], and
// dz + W2 Delta W1 dz = (I + W2 W1/2) dz + W2 (Delta - I/2) W1 dz with |Delta - I/2| <= 1/2: the Lipschitz constant is at most
// |I + W2 W1/2| + |W1||W2|/2, and at most 1 + |W1||W2|, which can be smaller only because norms are rounded up.
func (p *part) norms(b int, weights []*big.Rat) blockNorms {
	get := func(name string) matrix { return p.weight(fmt.Sprintf("b%d.%s", b, name)) }
	in, out := stack(get("Bre"), get("Bim")), beside(get("Cre"), get("Cim")).transpose()
	k := blockNorms{input: p.norm(in), output: p.norm(out), direct: p.norm(get("D")), static: big.NewRat(1, 1)}
	if p.Blocks[b].Hidden > 0 {
		w1, half := get("W1"), get("W2")
		half.exp-- // W2/2
		spread, eye := mul(p.norm(w1), p.norm(half)), identity(half.r)
		k.static = add(spread, slices.MinFunc([]*big.Rat{add(one, spread), p.norm(p.mul(beside(eye, half), stack(eye, w1)))}, (*big.Rat).Cmp))
	}
	k.through = add(k.direct, mul(p.norm(out, weights...), p.norm(in, weights...)))
	return k
}

// transient returns c of the proof above for the gap r' - r.
func transient(blocks []blockNorms, gap *big.Rat) *big.Rat {
	col, rows := new(big.Rat), slices.Repeat(bounds{new(big.Rat)}, len(blocks))
	for start := range blocks {
		e, sum := new(big.Rat), new(big.Rat)
		for b, k := range blocks[start:] {
			a := up(new(big.Rat).Quo(mul(k.input, e), gap))
			if b == 0 {
				a = one
			}
			e = up(mul(k.static, add(mul(k.output, a), mul(k.direct, e))))
			rows[start+b] = add(rows[start+b], a)
			sum = add(sum, a)
		}
		col = larger(col, sum)
	}
	return sqrtUp(mul(larger(rows...), col))
}
