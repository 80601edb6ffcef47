package lti

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestZZ(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for i := range 150 {
		n, k := 1+r.IntN(12), r.IntN(5)
		if i%15 == 0 {
			n = 40
		}
		m, p := 1+r.IntN(4), 1+r.IntN(3)
		l := randomLoop(r, n, k+1, m, p)
		// vary
		f := math.Pow(10, 2*r.Float64()-1)
		l.P.C.Scale(f, l.P.C)
		l.P.D.Scale(f, l.P.D)
		for _, at := range []Break{AtInput, AtOutput, AtBoth} {
			start := time.Now()
			d, err := DiskMargin(l, at, 0)
			if err != nil {
				fmt.Println(i, n, k, m, p, at, "ERR", err)
				continue
			}
			el := time.Since(start)
			flag := ""
			if d.Closed.State == Stable {
				ch := len(d.Names)
				if d.Upper/d.Lower > 1+1e-4 {
					flag = "GAP"
				}
				if d.Lower > d.Upper*(1+1e-8) {
					flag = "CROSS"
				}
				if d.Worst != nil && !(d.Worst.Distance < 1e-9) {
					flag += " DIST"
				}
				if flag != "" || el > 2*time.Second {
					fmt.Printf("%d n%d k%d ch%d %v: %v %.9g %.9g c %.9g w %g dist %g %v %s\n", i, n, k, ch, at, d.Closed.State, d.Lower, d.Upper, d.Constant, d.Freq, func() float64 {
						if d.Worst == nil {
							return -1
						}
						return d.Worst.Distance
					}(), el, flag)
				}
			} else if d.Closed.State == Undecided {
				fmt.Println("undecided", d.Closed)
			}
		}
	}
}
