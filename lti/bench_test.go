package lti

import (
	"fmt"
	"testing"
)

func BenchmarkEquations(b *testing.B) {
	for _, n := range []int{10, 60} {
		r := stream(70)
		a, q, in := randA(r, n), identity(n), randn(r, n, 3)
		if n == 60 {
			in = randn(r, n, 20)
		}
		run := func(name string, f func() error) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := f(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run("Lyap", func() error { _, err := Lyap(a, q); return err })
		run("CARE", func() error { _, err := CARE(a, in, q, nil, nil); return err })
		run("DARE", func() error { _, err := DARE(a, in, q, nil, nil); return err })
	}
}
