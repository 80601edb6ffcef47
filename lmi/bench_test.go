package lmi

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkLyapunov measures the parts of a Lyapunov inequality of order n: structure, cold and warm solve, and both proofs.
func BenchmarkLyapunov(b *testing.B) {
	for _, n := range []int{10, 20, 40} {
		r := rand.New(rand.NewPCG(uint64(n), 1))
		a := random(r, n, n)
		for i := range n {
			a.Set(i, i, a.At(i, i)-float64(n)/2)
		}
		build := func() *Compiled {
			p := New()
			P := p.Sym("P", n)
			A := p.Param("A", a)
			p.PSD("floor", P.Minus(Identity(n)), 0)
			p.NSD("decay", Sum(P.Left(A.T()), P.Right(A), Identity(n).Scale(0.5)), 0)
			p.Minimize(P.Trace())
			c, err := p.Compile()
			if err != nil {
				b.Fatal(err)
			}
			return c
		}
		c := build()
		sol, proof, err := c.SolveVerified(b.Context(), Options{}, CertifyOptions{})
		if err != nil || !proof.Verified {
			b.Fatal(err, proof)
		}
		b.Run(fmt.Sprintf("compile/%d", n), func(b *testing.B) {
			for b.Loop() {
				build()
			}
		})
		b.Run(fmt.Sprintf("certify/%d", n), func(b *testing.B) {
			for b.Loop() {
				if !c.Certify(sol, CertifyOptions{}).Verified {
					b.Fatal("not verified")
				}
			}
		})
		b.Run(fmt.Sprintf("exact/%d", n), func(b *testing.B) {
			for b.Loop() {
				if !c.Certify(sol, CertifyOptions{Exact: true}).Verified {
					b.Fatal("not verified")
				}
			}
		})
		b.Run(fmt.Sprintf("cold/%d", n), func(b *testing.B) {
			for b.Loop() {
				if s, err := c.Solve(b.Context(), Options{}); err != nil || s.Status.Err() != nil {
					b.Fatal(err, s.Status)
				}
			}
		})
		b.Run(fmt.Sprintf("warm/%d", n), func(b *testing.B) {
			for b.Loop() {
				if s, err := c.Solve(b.Context(), Options{Warm: true}); err != nil || s.Status.Err() != nil {
					b.Fatal(err, s.Status)
				}
			}
		})
	}
}
